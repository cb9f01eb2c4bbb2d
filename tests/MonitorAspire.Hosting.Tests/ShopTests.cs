using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>A database, the API of the sample ShopFleet that depends on it, and a web server on HTTPS.</summary>
public sealed class ShopTests
{
    private const string WebServer = """
        import http.server, os, ssl

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()

        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("certificate.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
        """;

    [Fact]
    public async Task Run_DatabaseApiAndHttpsServer_ComeUpInOrderAndSurviveTheDeathOfEach()
    {
        NeedPrograms("redis-server", "redis-cli", "python3");
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["web.py"], WebServer);
        await File.WriteAllTextAsync(directory["certificate.pem"], Certificate());
        var pids = new Dictionary<string, int>();
        await using (var app = new SupervisedApplication())
        {
            var redis = app.Builder.AddExecutable("redis", "redis-server", directory.Path, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
                .WithEndpoint(name: "redis", scheme: "tcp", env: "REDIS_PORT")
                .WithSupervision(
                    options => options.Health = new HealthCheck { Kind = HealthCheckKind.Command, Command = "redis-cli", Arguments = ["-h", "{host}", "-p", "{port}", "ping"] }, "redis");
            redis.WithArgs("--port", redis.GetEndpoint("redis").Property(EndpointProperty.TargetPort));
            var api = app.Builder.AddExecutable("api", "python3", Sample(), "api.py")
                .WithHttpEndpoint(env: "PORT")
                .WithEnvironment("REDIS_PORT", redis.GetEndpoint("redis").Property(EndpointProperty.Port))
                .WithSupervision()
                .WaitFor(redis);
            app.Builder.AddExecutable("web", "python3", directory.Path, "web.py").WithHttpsEndpoint(env: "PORT").WithSupervision(endpointName: "https").WaitFor(api);
            await app.StartAsync();
            string[] names = ["redis", "api", "web"];
            foreach (var name in names)
            {
                pids[name] = SupervisedApplication.Pid(await app.HealthyAsync(name))!.Value;
            }

            var daemons = await DaemonsAsync(app);
            Assert.True(daemons["api"].StartedAt >= daemons["redis"].VerifiedAt, "the API was started before Redis was verified");
            Assert.True(daemons["web"].StartedAt >= daemons["api"].VerifiedAt, "the web server was started before the API was verified");
            foreach (var name in names)
            {
                SupervisedApplication.Signal("KILL", pids[name]);
                var again = await app.UntilAsync(name, s => s.HealthStatus == HealthStatus.Healthy
                    && SupervisedApplication.Property(s, "monitor.pid") is { } pid && pid != pids[name].ToString(CultureInfo.InvariantCulture)
                    && SupervisedApplication.Property(s, "monitor.restarts") == "1");
                pids[name] = SupervisedApplication.Pid(again)!.Value;
                daemons = await DaemonsAsync(app);
                Assert.All(names, other => Assert.Equal(pids[other], daemons[other].Pid));
            }
        }

        await Wait.UntilAsync(() => !pids.Values.Any(SupervisedApplication.IsAlive), "the end of the servers");
    }

    private static async Task<IReadOnlyDictionary<string, DaemonSnapshot>> DaemonsAsync(SupervisedApplication app)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var daemons = await client.GetFromJsonAsync(
            new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{app.SupervisorPort}/api/daemons")), SupervisionJson.Default.IReadOnlyListDaemonSnapshot, app.Limit);
        return daemons!.ToDictionary(d => d.Name);
    }

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
