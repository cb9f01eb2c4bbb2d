using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>A resource is Healthy only while the supervisor watches it.</summary>
public sealed class WatchingTests
{
    [Theory]
    [InlineData("STOP")]
    [InlineData("KILL")]
    [InlineData("stop")]
    public async Task Supervisor_SaysNothingAnyMore_NoResourceIsHealthyUntilItIsBack(string how)
    {
        await using var app = new SupervisedApplication();
        app.AddServer("server");
        await app.StartAsync();
        var server = SupervisedApplication.Pid(await app.HealthyAsync("server"));
        await app.HealthyAsync("supervisor");
        var supervisor = await app.SupervisorPidAsync();

        using var isLost = new CancellationTokenSource();
        var killing = Task.CompletedTask;
        if (how == "stop")
        {
            Assert.True((await app.CommandAsync("supervisor", KnownResourceCommands.StopCommand)).Success);
        }
        else if (how == "KILL")
        {
            killing = KillAgainAsync(app, supervisor, isLost.Token);
        }
        else
        {
            SupervisedApplication.Signal(how, supervisor);
        }

        try
        {
            var lost = await app.UntilAsync("server", s => s.HealthStatus == HealthStatus.Degraded);
            Assert.All(lost.HealthReports, r => Assert.Contains("no word from the supervisor since", r.Description, StringComparison.Ordinal));
            Assert.Contains("it is not watched", SupervisedApplication.Property(lost, "monitor.state"), StringComparison.Ordinal);
            if (how == "STOP")
            {
                var stopped = await app.UntilAsync("supervisor", s => s.HealthStatus == HealthStatus.Unhealthy);
                Assert.Contains(stopped.HealthReports, r => r.Name == "supervisor-connection" && r.Description!.Contains("no word from it since", StringComparison.Ordinal));
            }
        }
        finally
        {
            await isLost.CancelAsync();
            await killing;
            if (how == "STOP")
            {
                SupervisedApplication.Signal("CONT", supervisor);
            }
            else if (how == "stop")
            {
                await app.CommandAsync("supervisor", KnownResourceCommands.StartCommand);
            }
        }

        Assert.Equal(server, SupervisedApplication.Pid(await app.HealthyAsync("server")));
        await app.HealthyAsync("supervisor");
    }

    // The next supervisor is often back before the silence is long enough to be shown. Each kill makes the delay before the next one longer.
    private static async Task KillAgainAsync(SupervisedApplication app, int supervisor, CancellationToken until)
    {
        SupervisedApplication.Signal("KILL", supervisor);
        while (!until.IsCancellationRequested)
        {
            try
            {
                var next = await app.SupervisorPidAsync();
                if (next != supervisor && !until.IsCancellationRequested)
                {
                    supervisor = next;
                    SupervisedApplication.Signal("KILL", supervisor);
                }
            }
            catch (HttpRequestException)
            {
                // It is not back yet.
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Files_OfServersOnRandomPorts_AreRemoved()
    {
        using var directory = new TemporaryDirectory();
        int? first;
        await using (var app = new SupervisedApplication(directory, "--Monitors:StartTimeout=00:00:01"))
        {
            app.AddServer("server");
            var silent = app.AddServer("silent", port: null, SupervisedApplication.Eager, "--hang");
            await app.StartAsync();
            first = SupervisedApplication.Pid(await app.HealthyAsync("server"));

            // It was never verified.
            await app.UntilAsync("silent", s => s.State?.Text.StartsWith("Crash-loop", StringComparison.Ordinal) == true);
            Assert.Empty(FilesOf(silent.GetEndpoint("http").Port));
        }

        // Where the supervisor had no time to remove the files of an instance, the next one does, if the instance has ended by then.
        await Wait.UntilAsync(() => first is { } pid && !SupervisedApplication.IsAlive(pid), "the end of the first server");
        await using var next = new SupervisedApplication(directory);
        var other = next.AddServer("server");
        await next.StartAsync();
        await next.HealthyAsync("server");
        Assert.Equal(Directory.GetFiles(directory["state"], "monitor-daemon-*").Order(), FilesOf(other.GetEndpoint("http").Port).Order());

        string[] FilesOf(int port) => Directory.GetFiles(directory["state"], string.Create(CultureInfo.InvariantCulture, $"monitor-daemon-{port}.*"));
    }

    [Fact]
    public async Task Start_PortOfAnotherProcess_IsRefusedInOneLine()
    {
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var port = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;
        await using var app = new SupervisedApplication();
        var server = app.AddServer("server", port);
        await app.StartAsync();

        await app.UntilAsync("server", s => s.State?.Text == KnownResourceStates.FailedToStart);

        var lines = new List<string>();
        await foreach (var batch in app.App.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(server.Resource).WithCancellation(app.Limit))
        {
            lines.AddRange(batch.Select(line => line.Content));
        }

        Assert.Single(lines, line => line.Contains("Not launched: ", StringComparison.Ordinal) && line.Contains(string.Create(CultureInfo.InvariantCulture, $"port {port}"), StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal));
        Assert.True(lines.Count <= 2, string.Join('\n', lines));
    }

    [Fact]
    public async Task Start_TwoResourcesOnOnePort_AreRefusedWithBothNames()
    {
        var port = FreePort.Next();
        await using var app = new SupervisedApplication();
        app.AddServer("catalog", port);
        app.Builder.AddExecutable("orders", "sleep", ".", "1000").WithHttpEndpoint(port: port, isProxied: false);

        var e = await Assert.ThrowsAsync<DistributedApplicationException>(app.StartAsync);

        Assert.Contains("'catalog' and 'orders' have the same port", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(app.StateDirectory));
    }
}
