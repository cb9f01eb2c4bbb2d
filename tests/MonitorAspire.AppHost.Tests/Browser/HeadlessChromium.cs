using MonitorAspire.Testing;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace MonitorAspire.AppHost.Tests.Browser;

/// <summary>A headless Chromium with a temporary profile.</summary>
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

    /// <summary>Starts a browser. Skips the test if the machine has none; fails it in the gate.</summary>
    public static HeadlessChromium Start()
    {
        Need(File.Exists(Browser) && File.Exists(Driver), $"there is no {Browser} and {Driver} (Debian: apt-get install chromium chromium-driver)");
        return new HeadlessChromium();
    }

    /// <summary>Skips the test if something that it needs is missing. In the gate (MONITOR_REQUIRE_BROWSER=1) the test fails instead.</summary>
    public static void Need(bool there, string otherwise)
    {
        if (Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") == "1")
        {
            Assert.True(there, otherwise);
        }

        Assert.SkipUnless(there, otherwise);
    }

    /// <summary>Waits until the visible text contains the part, and returns the text. On a timeout the exception has the text.</summary>
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

    /// <summary>Whether the visible text contains the part now.</summary>
    public bool Says(string part) => BodyText().Contains(part, StringComparison.Ordinal);

    /// <summary>
    /// Clicks the element with the text until the click takes effect. By script, because the dashboard's tables move while they fill.
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

    /// <summary>Saves a picture of the page if MONITOR_SCREENSHOTS names a directory.</summary>
    public void Save(string name)
    {
        if (Environment.GetEnvironmentVariable("MONITOR_SCREENSHOTS") is { Length: > 0 } directory)
        {
            // The dashboard's warning that this machine has no trusted certificate must not be in a picture.
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
            // The page was drawn again. The next attempt finds the new element.
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
