using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Testing;
using OpenQA.Selenium;

namespace MonitorAspire.AppHost.Tests.Browser;

/// <summary>The resource page of the dashboard.</summary>
/// <param name="chromium">The browser, logged in.</param>
/// <param name="dashboard">Any address of the dashboard.</param>
internal sealed partial class ResourcePage(HeadlessChromium chromium, Uri dashboard)
{
    // Each change draws the rows again, so every query looks for its row in the page as it is now.
    private const string Row = "[...document.querySelectorAll('tr.resource-row')].find(r => r.cells[0].innerText.trim() == arguments[0])";
    private const string Entry = "return [...document.querySelectorAll('fluent-menu-item')].find(i => i.innerText.trim() == arguments[0] && i.getClientRects().length > 0)";

    private static readonly TimeSpan ClickTime = TimeSpan.FromSeconds(5);

    // Long, because a second attempt would run the command a second time.
    private static readonly TimeSpan CommandTime = TimeSpan.FromSeconds(25);

    public Task OpenAsync() => chromium.Page.Navigate().GoToUrlAsync(dashboard);

    /// <summary>Waits until a resource is in a state.</summary>
    public Task StateAsync(string resource, string state) => StateAsync(resource, new Regex($"^{Regex.Escape(state)}$"));

    /// <summary>Waits until the state of a resource has a form.</summary>
    public async Task StateAsync(string resource, Regex state)
    {
        string? seen = null;
        try
        {
            await Wait.UntilAsync(() => (seen = Ask<string>($"return {Row}?.cells[1].innerText.trim()", resource)) is not null && state.IsMatch(seen), $"'{resource}' in state '{state}'");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; it is '{seen ?? "not there"}'", e);
        }
    }

    /// <summary>Runs a command from the menu of a resource and waits for its effect.</summary>
    public async Task CommandAsync(string resource, string command, Func<bool> tookEffect)
    {
        // A message may be gone when it is looked for again.
        var took = false;
        await RunAsync(resource, command, TookEffect);
        await Wait.UntilAsync(TookEffect, $"the effect of '{command}' on '{resource}'");

        bool TookEffect() => took = took || tookEffect();
    }

    /// <summary>Opens the menu of a resource and waits for an entry.</summary>
    public Task OpenMenuAsync(string resource, string entry)
        => ClickAsync($"return {Row}?.querySelector('fluent-button[title=Actions]')", resource, () => Item(entry) is not null);

    /// <summary>Runs the command Diagnose and returns the table cells of the dialog that opens.</summary>
    public async Task<IReadOnlyList<string>> DiagnoseAsync(string resource)
    {
        await OpenAsync();
        IReadOnlyList<string> cells = [];
        await CommandAsync(resource, "Diagnose", () => (cells = Cells()).Count > 0);
        return cells;

        IReadOnlyList<string> Cells()
            => [.. Ask<IEnumerable<object>>("return [...document.querySelectorAll('.markdown-content td')].map(c => c.innerText)", "")!.Cast<string>()];
    }

    /// <summary>Waits until the row of a resource has these command icons, and no others. An icon's title is the description of its command.</summary>
    public async Task IconsAsync(string resource, params string[] titles)
    {
        IReadOnlyList<string> seen = [];
        try
        {
            await Wait.UntilAsync(() => (seen = Icons()).SequenceEqual(titles), $"the icons of '{resource}'");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; they are {string.Join(" | ", seen)}", e);
        }

        // Behind those of the commands are the console log and the menu.
        IReadOnlyList<string> Icons() => [.. (Ask<IEnumerable<object>>(
            $"return [...({Row}?.querySelectorAll('.resource-action-slot fluent-button[title]') ?? [])].map(b => b.title)", resource) ?? []).Cast<string>().SkipLast(2)];
    }

    /// <summary>Whether the menu of a resource has an entry.</summary>
    public async Task<bool> OffersAsync(string resource, string entry)
    {
        await OpenAsync();
        await OpenMenuAsync(resource, "Diagnose");
        return Item(entry) is not null;
    }

    /// <summary>Opens the details of a resource, waits until they contain the part, and returns the text.</summary>
    public async Task<string> DetailsAsync(string resource, string part)
    {
        // The title is the kind of resource, a colon and the name.
        await OpenAsync();
        await ClickAsync($"return {Row}?.cells[0]", resource, () => chromium.Says($": {resource}\n"));
        return await chromium.TextAsync(part);
    }

    /// <summary>The process ID in the details of a resource.</summary>
    public async Task<int> PidAsync(string resource)
        => int.Parse(ProcessId().Match(await DetailsAsync(resource, "Process ID")).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>Opens the console log of a resource.</summary>
    public Task OpenLogAsync(string resource) => chromium.Page.Navigate().GoToUrlAsync(new Uri(dashboard, $"/consolelogs/resource/{resource}"));

    // If a resource changes while its menu is open, the menu may ignore clicks or lose the entry. Then the page is loaded again for the
    // next attempt. The dashboard's message about the command disappears soon and may be missed, so the effect counts as well.
    private Task RunAsync(string resource, string command, Func<bool> tookEffect)
    {
        var tried = false;
        return Wait.UntilAsync(
            async () =>
            {
                if (tried)
                {
                    await OpenAsync();
                }

                tried = true;
                await OpenMenuAsync(resource, command);
                TryClick(Entry, command);
                return await SeenSoonAsync(() => tookEffect() || chromium.Says($"{resource} \"{command}\""), CommandTime);
            },
            $"the command '{command}' on '{resource}'");
    }

    private IWebElement? Item(string entry) => Ask<IWebElement>(Entry, entry);

    // By script, because rows and menus move while the page fills.
    private Task ClickAsync(string find, string argument, Func<bool> tookEffect) => Wait.UntilAsync(
        // A second click would close what the first one opens, so the first one gets time to take effect.
        () => TryClick(find, argument) ? SeenSoonAsync(tookEffect, ClickTime) : Task.FromResult(tookEffect()),
        $"a click on '{argument}' that takes effect");

    private bool TryClick(string find, string argument)
    {
        try
        {
            if (Ask<IWebElement>(find, argument) is not { } element)
            {
                return false;
            }

            chromium.Page.ExecuteScript("arguments[0].click()", element);
            return true;
        }
        catch (StaleElementReferenceException)
        {
            // The page was drawn again between the query and the click.
            return false;
        }
    }

    private static async Task<bool> SeenSoonAsync(Func<bool> condition, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < limit)
        {
            if (condition())
            {
                return true;
            }

            await Task.Delay(50);
        }

        return condition();
    }

    private T? Ask<T>(string script, string argument)
        where T : class
        => chromium.Page.ExecuteScript(script, argument) as T;

    [GeneratedRegex(@"Process ID\s+(\d+)")]
    private static partial Regex ProcessId();
}
