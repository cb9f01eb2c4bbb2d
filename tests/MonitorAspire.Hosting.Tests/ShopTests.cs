using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>A database, an API that needs it, and a web server of ASP.NET on HTTPS that is restarted with the API.</summary>
public sealed class ShopTests
{
    private static readonly string[] Names = ["redis", "api", "web"];

    [Fact]
    public async Task Run_DatabaseApiAndHttpsServer_ComeUpInOrderAndSurviveTheDeathOfEach()
    {
        NeedPrograms("redis-server", "redis-cli", "python3");
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["certificate.pem"], Certificate());
        Dictionary<string, int> pids;
        await using (var app = new SupervisedApplication())
        {
            AddShop(app.Builder, directory);
            await app.StartAsync();
            pids = await PidsAsync(app, redis: 0, api: 0, web: 0);
            foreach (var (needed, name) in Names.Zip(Names.Skip(1)))
            {
                var healthy = app.Seen.Index().First(e => e.Item.Resource.Name == needed && e.Item.Snapshot.HealthStatus == HealthStatus.Healthy).Index;
                var launched = app.Seen.Index().First(e => e.Item.Resource.Name == name && SupervisedApplication.Pid(e.Item.Snapshot) is not null).Index;
                Assert.True(healthy < launched, $"{name} was launched before {needed} was verified");
            }

            // The API connects for each request, so it goes on without the database that it was started with.
            SupervisedApplication.Signal("KILL", pids["redis"]);
            var after = await PidsAsync(app, redis: 1, api: 0, web: 0);
            Assert.Equal((false, true, true), Same(pids, after));

            // The web server is restarted with the API.
            SupervisedApplication.Signal("KILL", after["api"]);
            pids = await PidsAsync(app, redis: 1, api: 1, web: 1);
            Assert.Equal((true, false, false), Same(pids, after));

            SupervisedApplication.Signal("KILL", pids["web"]);
            after = await PidsAsync(app, redis: 1, api: 1, web: 2);
            Assert.Equal((true, true, false), Same(pids, after));
            pids = after;
        }

        await Wait.UntilAsync(() => !pids.Values.Any(SupervisedApplication.IsAlive), "the end of the servers");
    }

    private static void AddShop(IDistributedApplicationBuilder builder, TemporaryDirectory directory)
    {
        var redis = builder.AddExecutable("redis", "redis-server", directory.Path, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
            .WithEndpoint(name: "redis", scheme: "tcp", env: "REDIS_PORT")
            .WithSupervision(
                options => options.Health = new HealthCheck { Kind = HealthCheckKind.Command, Command = "redis-cli", Arguments = ["-h", "{host}", "-p", "{port}", "ping"] },
                endpointName: "redis");
        redis.WithArgs("--port", redis.GetEndpoint("redis").Property(EndpointProperty.TargetPort));

        var api = builder.AddExecutable("api", "python3", Sample(), "api.py")
            .WithHttpEndpoint(env: "PORT")
            .WithEnvironment("REDIS_PORT", redis.GetEndpoint("redis").Property(EndpointProperty.Port))
            .WithSupervision()
            .WaitFor(redis);

        builder.AddExecutable("web", Path.Combine(AppContext.BaseDirectory, "web-server"), directory.Path)
            .WithHttpsEndpoint(env: "ASPNETCORE_HTTPS_PORTS")
            .WithEnvironment("Kestrel__Certificates__Default__Path", directory["certificate.pem"])
            .WithEnvironment("Kestrel__Certificates__Default__KeyPath", directory["certificate.pem"])
            .WithSupervision(options => options.OnDependencyRestart = DependencyRestart.Restart, endpointName: "https")
            .WaitFor(api);
    }

    /// <summary>The verified PIDs when each server has been restarted as often as given.</summary>
    private static async Task<Dictionary<string, int>> PidsAsync(SupervisedApplication app, int redis, int api, int web)
    {
        var pids = new Dictionary<string, int>();
        foreach (var (name, restarts) in Names.Zip([redis, api, web]))
        {
            var healthy = await app.UntilAsync(name, s => s.HealthStatus == HealthStatus.Healthy
                && SupervisedApplication.Property(s, "monitor.restarts") == restarts.ToString(CultureInfo.InvariantCulture)
                && SupervisedApplication.Property(s, "monitor.pid") is not null);
            pids[name] = int.Parse(SupervisedApplication.Property(healthy, "monitor.pid")!, CultureInfo.InvariantCulture);
        }

        return pids;
    }

    private static (bool Redis, bool Api, bool Web) Same(Dictionary<string, int> before, Dictionary<string, int> after) =>
        (before["redis"] == after["redis"], before["api"] == after["api"], before["web"] == after["web"]);

    private static string Sample()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MonitorAspire.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not in the repository");
        }

        return Path.Combine(directory.FullName, "samples", "ShopFleet");
    }

    private static string Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    // The gate has them. Elsewhere the test is skipped without them.
    private static void NeedPrograms(params string[] programs)
    {
        var missing = programs.Where(p => !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => d.Length > 0 && File.Exists(Path.Combine(d, p)))).ToList();
        if (Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") == "1")
        {
            Assert.Empty(missing);
        }

        Assert.SkipUnless(missing.Count == 0, $"{string.Join(", ", missing)} missing");
    }
}
