using System.Text.RegularExpressions;
using MonitorAspire.AppHost.Tests.Browser;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Aspire.Browser;

/// <summary>The fleet in Aspire's dashboard, as the user of the AppHost sees it.</summary>
[Collection("browser")]
public partial class DashboardTests
{
    private const string SupervisedDiagnose = "What the supervisor knows about this daemon: its checks, the owner of its port, its last failure, and what to do.";

    [Fact]
    public async Task Resources_OfAVerifiedFleet_ShowSupervisionAndObeyAPerson()
    {
        using var fleet = new FleetArguments(count: 2);
        using var chromium = HeadlessChromium.Start();
        await using var host = StartHost(fleet);
        var login = await LoginAsync(host);
        await chromium.Page.Navigate().GoToUrlAsync(login);
        var page = new ResourcePage(chromium, new Uri(login, "/"));
        var names = fleet.DaemonPorts.Select(port => Text($"monitor-{port}")).ToList();
        foreach (var name in names.Append("monitor-supervisor"))
        {
            await page.StateAsync(name, "Running");
            await page.DetailsAsync(name, "Health state\nHealthy");
        }

        var before = fleet.DaemonPorts.Select(fleet.PidOf).ToList();
        foreach (var (name, pid) in names.Zip(before))
        {
            await page.DetailsAsync(name, Text($"Verified process ID\n{pid}"));
            foreach (var report in (string[])["pid-file", "port", "health"])
            {
                await chromium.TextAsync($"{name}-{report}\nHealthy");
            }
        }

        await page.CommandAsync(names[0], "Restart", () => fleet.HasAnotherPid(fleet.BasePort, before[0]));

        var restarted = fleet.PidOf(fleet.BasePort);
        await page.DetailsAsync(names[0], Text($"Verified process ID\n{restarted}"));
        await chromium.TextAsync("Supervision\nrunning");
        await page.DetailsAsync(names[1], Text($"Verified process ID\n{before[1]}"));
        Assert.False(Signals.IsAlive(before[0]));

        // A daemon that a person stops stays stopped: the supervisor does not restart it.
        await page.OpenAsync();
        await page.CommandAsync(names[1], "Stop", () => !Signals.IsAlive(before[1]));
        await page.DetailsAsync(names[1], "Supervision\nstopped");
        await page.OpenAsync();
        await page.CommandAsync(names[1], "Start", () => fleet.HasAnotherPid(fleet.BasePort + 1, before[1]));
        var startedAgain = fleet.PidOf(fleet.BasePort + 1);
        await page.DetailsAsync(names[1], Text($"Verified process ID\n{startedAgain}"));
        await chromium.TextAsync("Supervision\nrunning");
        Assert.Equal(restarted, fleet.PidOf(fleet.BasePort));

        Assert.Contains(Text($"{restarted}, proved by the lock that it holds"), await page.DiagnoseAsync(names[0]));
        Assert.False(await page.OffersAsync(names[0], "Reset crash loop"));

        await chromium.Page.Navigate().GoToUrlAsync(new Uri(login, "/traces"));
        await chromium.ClickAsync(".trace-name-content", "monitor.apphost.start", () => chromium.Page.Url.Contains("/traces/detail/", StringComparison.Ordinal));
        foreach (var span in AspireEngine.StartSpans)
        {
            await chromium.TextAsync(span);
        }

        chromium.Save("aspire-trace.png");
        await EndAsync(host, fleet, [restarted, startedAgain]);
    }

    [Fact]
    public async Task Resource_InACrashLoop_OffersDiagnoseResetAndStopRetrying()
    {
        using var fleet = new FleetArguments(count: 1);
        using var chromium = HeadlessChromium.Start();

        // A busy machine must have time for the kills and the clicks before the next try.
        await using var host = StartHost(
            fleet, "--Monitors:Restart:Budget=2", "--Monitors:Restart:BudgetWindow=00:20:00", "--Monitors:Restart:ResetAfter=00:20:00", "--Monitors:Restart:MaxDelay=00:20:00");
        var login = await LoginAsync(host);
        var name = Text($"monitor-{fleet.BasePort}");
        await chromium.Page.Navigate().GoToUrlAsync(login);
        var page = new ResourcePage(chromium, new Uri(login, "/"));

        await CrashAsync(0);
        await page.DetailsAsync(name, "crash loop, 2 failures in a row, next try at");
        await chromium.TextAsync("Alerts\ncrash-loop");
        chromium.Save("aspire-crash-loop.png");
        await page.OpenAsync();

        // The dashboard makes words of the text of a state, and would drop the colons of a time.
        await page.StateAsync(name, CrashLoopState());
        await page.IconsAsync(name, "Start resource", "Stop resource");
        Assert.Contains("exited-prematurely", await page.DiagnoseAsync(name));
        await page.OpenAsync();
        var last = fleet.PidOf(fleet.BasePort);
        await page.CommandAsync(name, "Reset crash loop", () => fleet.HasAnotherPid(fleet.BasePort, last));
        await page.DetailsAsync(name, Text($"Verified process ID\n{fleet.PidOf(fleet.BasePort)}"));
        await chromium.TextAsync("Supervision\nrunning\n");
        await page.OpenAsync();
        await page.StateAsync(name, "Running");
        await page.IconsAsync(name, "Stop resource", SupervisedDiagnose);
        Assert.False(await page.OffersAsync(name, "Stop retrying"));

        await CrashAsync(last);
        await page.OpenAsync();
        await page.StateAsync(name, CrashLoopState());
        await page.CommandAsync(name, "Stop retrying", () => chromium.Says($"{name} \"Stop retrying\" succeeded"));
        await page.DetailsAsync(name, "Supervision\nstopped");
        Assert.False(await page.OffersAsync(name, "Stop retrying"));
        await EndAsync(host, fleet, []);

        // Wait until it is verified. A kill before that is a failed start, after which the next one follows at once.
        async Task CrashAsync(int pid)
        {
            for (var crash = 0; crash < 2; crash++)
            {
                pid = await fleet.AnotherPidAsync(fleet.BasePort, pid);
                await page.DetailsAsync(name, Text($"Verified process ID\n{pid}"));
                Signals.Send(pid, "KILL");
            }
        }
    }

    private static AppHostProcess StartHost(FleetArguments fleet, params string[] settings) => AppHostProcess.Start(
        new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = Text($"http://127.0.0.1:{FreePort.Next()}"),
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = Text($"http://127.0.0.1:{FreePort.Next()}"),
            ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = Text($"http://127.0.0.1:{FreePort.Next()}"),
            ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
            ["DOTNET_ENVIRONMENT"] = "Development",
        },
        [.. fleet.Common, .. settings]);

    private static async Task<Uri> LoginAsync(AppHostProcess host)
    {
        const string Before = "Login to the dashboard at ";
        var line = await host.LineAsync(Before);
        var login = new Uri(line[(line.IndexOf(Before, StringComparison.Ordinal) + Before.Length)..].Trim());

        // The line is printed before the dashboard listens.
        using var http = new HttpClient();
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    return (await http.GetAsync(new Uri(login, "/"))).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the dashboard's answer");
        return login;
    }

    private static async Task EndAsync(AppHostProcess host, FleetArguments fleet, IEnumerable<int> pids)
    {
        host.Signal("TERM");
        Assert.Equal(0, await host.ExitCodeAsync());

        // The orchestrator ends after the AppHost.
        await Wait.UntilAsync(() => !pids.Any(Signals.IsAlive), "the end of the daemons");
        await Wait.UntilAsync(() => fleet.Ports.All(FreePort.IsFree), "free ports");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex(@"^Crash loop, next try \d\d:\d\d:\d\d$")]
    private static partial Regex CrashLoopState();
}
