using System.Text.RegularExpressions;
using MonitorAspire.AppHost.Tests.Browser;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up.Browser;

/// <summary>The traces of a fleet under <c>monitor up --dashboard</c> in the real Aspire dashboard.</summary>
[Collection("browser")]
public partial class TracesTests
{
    [Fact]
    public async Task Traces_AfterTheFleetIsVerified_ShowAStartWithItsStagesAndTheDaemonsOwnSpans()
    {
        RunningUp.NeedAspireTool();
        using var fleet = new FleetArguments(count: 1);
        using var chromium = HeadlessChromium.Start();
        await using var up = RunningUp.Start(fleet, "--dashboard", $"http://127.0.0.1:{FreePort.Next()}");
        var login = Url().Match(await up.Process.LineAsync("Dashboard: ")).Value;
        await up.AllRunningAsync();

        var page = chromium.Page;
        await page.Navigate().GoToUrlAsync(login);
        await chromium.TextAsync("Traces");
        await page.Navigate().GoToUrlAsync(new Uri(new Uri(login), "/traces"));
        await chromium.TextAsync("monitor.startup");

        await chromium.ClickAsync(".trace-name-content", "monitor.startup", () => page.Url.Contains("/traces/detail/", StringComparison.Ordinal));
        await chromium.TextAsync("monitor.daemon.ready");
        chromium.Save("startup-trace.png");
        foreach (var span in (string[])["monitor.startup.preflight", "monitor.startup.spawn", "monitor.startup.pid_file",
            "monitor.startup.port_bound", "monitor.startup.health", "monitor.daemon.claim", "monitor.daemon.bind", "monitor.daemon.ready"])
        {
            await chromium.TextAsync(span);
        }

        await up.StopAsync();
        Assert.True(FreePort.IsFree(new Uri(login).Port));
    }

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Url();
}
