using System.Text.RegularExpressions;
using MonitorAspire.AppHost.Tests.Browser;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Standalone.Browser;

[Collection("browser")]
public partial class DashboardTests
{
    [Fact]
    public async Task Traces_AfterTheFleetIsVerified_ShowAStartWithItsStagesAndTheDaemonsOwnSpans()
    {
        HeadlessChromium.Need(OnPath("npm") || OnPath("aspire"), "there is neither npm nor aspire on PATH, so there is no dashboard");
        using var fleet = new FleetArguments(count: 1);
        using var chromium = HeadlessChromium.Start();
        await using var host = AppHostProcess.Start(fleet.Arguments($"http://127.0.0.1:{FreePort.Next()}"));
        var login = Url().Match(await host.LineAsync("Dashboard:  ")).Value;
        await host.LineAsync("1 of 1 verified");

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

        host.Signal("TERM");
        Assert.Equal(0, await host.ExitCodeAsync());
        Assert.True(FreePort.IsFree(new Uri(login).Port));
    }

    private static bool OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, program)));

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Url();
}
