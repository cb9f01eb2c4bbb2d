using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>Resources that outlive the application.</summary>
public sealed class PersistentTests
{
#pragma warning disable ASPIREPERSISTENCE001
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PersistentLifetime_NextRun_HasTheSameProcess(bool supervised)
    {
        using var directory = new TemporaryDirectory();
        var port = FreePort.Next();
        int? first = null;
        try
        {
            first = await RunAsync();
            Assert.True(SupervisedApplication.IsAlive(first.Value));

            Assert.Equal(first, await RunAsync());
        }
        finally
        {
            if (first is { } pid && SupervisedApplication.IsAlive(pid))
            {
                SupervisedApplication.Signal("KILL", pid);
            }
        }

        async Task<int> RunAsync()
        {
            await using var app = new SupervisedApplication(directory);
            var server = supervised
                ? app.AddServer("kept", port)
                : app.Builder.AddExecutable("kept", SupervisedApplication.FaultDaemon, AppContext.BaseDirectory, "--host", "127.0.0.1", "--port", $"{port}")
                    .WithHttpEndpoint(port: port, isProxied: false, env: "PORT").WithHttpHealthCheck("/health");
            server.WithPersistentLifetime();
            await app.StartAsync();
            var snapshot = await app.HealthyAsync("kept");
            return SupervisedApplication.Pid(snapshot)!.Value;
        }
    }
}
