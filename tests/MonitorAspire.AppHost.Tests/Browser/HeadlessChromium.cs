using MonitorAspire.Testing;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace MonitorAspire.AppHost.Tests.Browser;

/// <summary>A headless Chromium with a profile of its own that is thrown away.</summary>
internal sealed class HeadlessChromium : IDisposable
{
    private const string Browser = "/usr/bin/chromium";
    private const string Driver = "/usr/bin/chromedriver";

    private readonly TemporaryDirectory _profile = new();
    private readonly ChromeDriverService _service;

    private HeadlessChromium()
    {
        var options = new ChromeOptions { BinaryLocation = Browser };
        options.AddArguments(
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1600,1000", $"--user-data-dir={_profile.Path}");
        _service = ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(Driver), Path.GetFileName(Driver));
        _service.SuppressInitialDiagnosticInformation = true;
        Page = new ChromeDriver(_service, options, Wait.Generous);
    }

    public ChromeDriver Page { get; }

    /// <summary>Starts one. Where the machine has none the test is skipped, unless the gate forbids that.</summary>
    public static HeadlessChromium Start()
    {
        Need(File.Exists(Browser) && File.Exists(Driver), $"there is no {Browser} and {Driver} (Debian: apt-get install chromium chromium-driver)");
        return new HeadlessChromium();
    }

    /// <summary>Skips the test where something it needs is not there; in the gate that is a failure.</summary>
    public static void Need(bool there, string otherwise)
    {
        if (Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") == "1")
        {
            Assert.True(there, otherwise);
        }

        Assert.SkipUnless(there, otherwise);
    }

    /// <summary>The text that a person sees, once it has the part; otherwise the text that there is, in the message.</summary>
    public async Task<string> TextAsync(string part)
    {
        var text = "";
        try
        {
            await Wait.UntilAsync(() => (text = BodyText()).Contains(part, StringComparison.Ordinal), part);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"'{part}' did not appear at {Page.Url}. The page says:\n{text}", e);
        }

        return text;
    }

    /// <summary>Whether a person sees the part now.</summary>
    public bool Says(string part) => BodyText().Contains(part, StringComparison.Ordinal);

    /// <summary>
    /// Clicks what has the text until it took effect. By script, because the dashboard's tables move under the pointer while they fill.
    /// </summary>
    public async Task ClickAsync(string selector, string text, Func<bool> tookEffect)
    {
        try
        {
            await Wait.UntilAsync(() => tookEffect() || TryClick(selector, text) || tookEffect(), $"{selector} with '{text}' clicked");
        }
        catch (TimeoutException)
        {
            Save("failed-click.png");
            throw;
        }
    }

    /// <summary>Saves a picture of the page where MONITOR_SCREENSHOTS names a directory: that is how those of the README are taken.</summary>
    public void Save(string name)
    {
        if (Environment.GetEnvironmentVariable("MONITOR_SCREENSHOTS") is { Length: > 0 } directory)
        {
            // What the dashboard has to say about this machine (no trusted certificate) belongs in no picture.
            Page.ExecuteScript("document.querySelectorAll('.messagebar-container, .dashboard-message-bar').forEach(bar => bar.style.display = 'none')");
            Page.GetScreenshot().SaveAsFile(Path.Combine(directory, name));
        }
    }

    public void Dispose()
    {
        Page.Quit();
        Page.Dispose();
        _service.Dispose();
        _profile.Dispose();
    }

    private bool TryClick(string selector, string text)
    {
        try
        {
            var element = Page.FindElements(By.CssSelector(selector)).FirstOrDefault(e => e.Text.Contains(text, StringComparison.Ordinal));
            if (element is not null)
            {
                Page.ExecuteScript("arguments[0].click()", element);
            }
        }
        catch (StaleElementReferenceException)
        {
            // The next look finds the one that took its place.
        }

        return false;
    }

    private string BodyText()
    {
        try
        {
            return Page.FindElement(By.TagName("body")).Text;
        }
        catch (StaleElementReferenceException)
        {
            return "";
        }
    }
}
