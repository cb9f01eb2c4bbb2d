using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MonitorAspire.AppHost.Tests.Browser;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up.Browser;

/// <summary>A fleet under <c>monitor up --dashboard</c> in the real Aspire dashboard.</summary>
[Collection("browser")]
public partial class ResourcesTests
{
    [Fact]
    public async Task Resources_OfAVerifiedFleet_ShowAllRunningAndRestartOneOnly()
    {
        RunningUp.NeedAspireTool();
        using var fleet = new FleetArguments(count: 4);
        using var chromium = HeadlessChromium.Start();
        await using var up = RunningUp.Start(fleet, "--dashboard", $"http://127.0.0.1:{FreePort.Next()}");
        var login = new Uri(Url().Match(await up.Process.LineAsync("Dashboard: ")).Value);
        var before = (await up.AllRunningAsync()).Select(d => (d.Name, d.Port, Pid: d.Pid!.Value)).ToList();
        var (restarted, port, oldPid) = before[1];
        Assert.All(before, d => Assert.DoesNotContain("MONITOR_RESOURCE_SERVICE", File.ReadAllText(Text($"/proc/{d.Pid}/environ")), StringComparison.Ordinal));

        await chromium.Page.Navigate().GoToUrlAsync(login);
        var page = new ResourcePage(chromium, new Uri(login, "/"));
        foreach (var name in before.Select(d => d.Name).Append("monitor-supervisor"))
        {
            await page.StateAsync(name, "Running");
        }

        chromium.Save("resources.png");
        await page.CommandAsync(restarted, "Restart", () => fleet.HasAnotherPid(port, oldPid));
        await page.StateAsync(restarted, "Running");

        var newPid = fleet.PidOf(port);
        Assert.False(Signals.IsAlive(oldPid));
        Assert.Equal(newPid, await page.PidAsync(restarted));
        foreach (var (name, _, pid) in before.Where(d => d.Name != restarted))
        {
            Assert.Equal(pid, await page.PidAsync(name));
        }

        var diagnosis = await page.DiagnoseAsync(restarted);
        Assert.Contains(Text($"{newPid}, proved by the lock that it holds"), diagnosis);
        Assert.False(await page.OffersAsync(restarted, "Reset crash loop"));

        await page.OpenLogAsync(restarted);
        await chromium.TextAsync(Text($"as PID {oldPid}"));
        await chromium.TextAsync(Text($"as PID {newPid}"));
        await page.OpenLogAsync("monitor-supervisor");
        await chromium.TextAsync($"The dashboard asked to restart {restarted}");

        // The dashboard offers the traces of a resource where it has found its telemetry.
        await page.OpenAsync();
        await page.OpenMenuAsync(restarted, "Traces");
        await chromium.Page.Navigate().GoToUrlAsync(new Uri(login, $"/traces/resource/{restarted}"));
        await chromium.TextAsync("monitor.startup");

        await up.StopAsync();
        Assert.All(before, d => Assert.False(Signals.IsAlive(d.Pid)));
    }

    [Fact]
    public async Task Resources_OfDaemonsThatCannotRun_ShowTheCrashLoopAndWhoHasThePort()
    {
        RunningUp.NeedAspireTool();
        using var fleet = new FleetArguments(count: 3);
        using var chromium = HeadlessChromium.Start();
        using var other = new TcpListener(IPAddress.Loopback, fleet.BasePort + 2);
        other.Start();
        await using var up = RunningUp.StartProcess(
            new Dictionary<string, string?>
            {
                ["Monitors__Daemons__0__Port"] = Text($"{fleet.BasePort}"),
                ["Monitors__Daemons__0__Name"] = "well",
                ["Monitors__Daemons__1__Port"] = Text($"{fleet.BasePort + 1}"),
                ["Monitors__Daemons__1__Name"] = "crashes",
                ["Monitors__Daemons__1__Command"] = "/bin/sh",
                ["Monitors__Daemons__1__Arguments__0"] = "-c",
                ["Monitors__Daemons__1__Arguments__1"] = "echo cannot open the database; exit 3",
                ["Monitors__Daemons__2__Port"] = Text($"{fleet.BasePort + 2}"),
                ["Monitors__Daemons__2__Name"] = "taken",
            },
            "--supervisor-port", Text($"{fleet.SupervisorPort}"), "--state-dir", fleet.StateDirectory, "--dashboard", Text($"http://127.0.0.1:{FreePort.Next()}"));
        var login = new Uri(Url().Match(await up.LineAsync("Dashboard: ")).Value);

        await chromium.Page.Navigate().GoToUrlAsync(login);
        var page = new ResourcePage(chromium, new Uri(login, "/"));
        await page.StateAsync("well", "Running");
        await page.StateAsync("taken", "Port taken");
        await page.StateAsync("crashes", "Crash loop");
        await page.DetailsAsync("crashes", "exited-prematurely");
        chromium.Save("crash-loop.png");

        var diagnosis = await page.DiagnoseAsync("crashes");
        Assert.Contains("exited-prematurely", diagnosis);
        await chromium.TextAsync("its last output complains about");
        await chromium.TextAsync("cannot open the database");
        chromium.Save("diagnosis.png");

        await page.OpenAsync();
        await page.CommandAsync("crashes", "Reset crash loop", () => chromium.Says("crashes \"Reset crash loop\" succeeded"));

        await page.DetailsAsync("taken", Text($"in use by PID {Environment.ProcessId}"));
        await page.OpenLogAsync("crashes");
        await chromium.TextAsync("cannot open the database");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Url();
}
