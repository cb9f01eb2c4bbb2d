using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Security;

public class PublicViewTests
{
    private const string Printed = "password=hunter2";

    [Theory]
    [InlineData("logs")]
    [InlineData("diagnosis")]
    [InlineData("definition")]
    public async Task Get_WhatDaemonsPrintOrHold_NeedsTheToken(string what)
    {
        await using var supervisor = await StartAsync();

        await ProblemAssert.IsAsync(await supervisor.Client.GetAsync($"/api/daemons/alpha/{what}"), HttpStatusCode.Unauthorized);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, $"/api/daemons/alpha/{what}", token: "wrong"), HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, (await supervisor.SendAsync(HttpMethod.Get, $"/api/daemons/alpha/{what}")).StatusCode);
    }

    [Theory]
    [InlineData("/api/daemons")]
    [InlineData("/api/daemons/alpha")]
    public async Task Get_DaemonsWithoutToken_ShowsStateAndReasonButNothingThatWasPrinted(string path)
    {
        await using var supervisor = await StartAsync();

        var open = await supervisor.Client.GetStringAsync(path);
        var full = await supervisor.GetStringAsync(path);

        Assert.DoesNotContain("hunter2", open, StringComparison.Ordinal);
        Assert.All((string[])["\"alpha\"", "9001", "4711", "exited-prematurely", "\"exitCode\":3", "\"health\""], shown => Assert.Contains(shown, open, StringComparison.Ordinal));
        Assert.Equal(3, full.Split("hunter2").Length - 1);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData(null, 6)]
    public async Task Watch_Events_QuoteOutputOnlyWithTheToken(string? token, int quotes)
    {
        await using var supervisor = await StartAsync();
        var alpha = supervisor.Fleet.Daemons[0];
        supervisor.Fleet.Raise(
            FleetEventKind.StartFailed, "alpha", supervisor.Fleet.Report(alpha) with { Reason = StartupReason.ExitedPrematurely, Detail = Printed, LogTail = [Printed] }, Printed);
        using var stream = await supervisor.OpenAsync("/api/events", "0", token);

        string line;
        do
        {
            line = (await stream.ReadLineAsync().WaitAsync(Wait.Generous))!;
        }
        while (!line.StartsWith("data:", StringComparison.Ordinal));

        Assert.Equal(quotes, line.Split("hunter2").Length - 1);
        Assert.Contains("start-failed", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_PortIsTakenWithoutToken_ShowsTheOwner()
    {
        await using var supervisor = await StartAsync();
        supervisor.Fleet.Add(supervisor.Fleet.Daemons[0] with { LastFailure = new DaemonFailure { Reason = StartupReason.PortInUse, Detail = "in use by PID 42" } });

        Assert.Contains("in use by PID 42", await supervisor.Client.GetStringAsync("/api/daemons/alpha"), StringComparison.Ordinal);
    }

    private static async Task<RunningSupervisor> StartAsync()
    {
        var supervisor = await RunningSupervisor.StartAsync();
        await File.WriteAllTextAsync(supervisor.LogFile, Printed);
        supervisor.Fleet.Add(supervisor.Fleet.Daemons[0] with
        {
            LastFailure = new DaemonFailure { Reason = StartupReason.ExitedPrematurely, ExitCode = 3, Detail = Printed, LogTail = [Printed] },
            Checks = [new CheckResult(CheckName.Health, false, Printed, DateTimeOffset.UtcNow)],
        });
        return supervisor;
    }
}
