using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Tests.Identity;

namespace MonitorAspire.Supervision.Tests.Probes;

/// <summary>Two processes that listen on the same port with SO_REUSEPORT.</summary>
public sealed class SharedPortTests
{
    [Fact]
    public async Task Probe_PortSharedWithAnotherProcess_HealthyOnlyWhenTheInstanceServesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_REUSEPORT distributes connections on Linux.");
        const string Script = """
            import http.server, os, socket, sys, threading
            class Handler(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def do_GET(self):
                    self.send_response(200)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"OK")
                def log_message(self, *arguments):
                    pass
            class Server(http.server.ThreadingHTTPServer):
                allow_reuse_port = True
                def server_bind(self):
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                    self.socket.bind(self.server_address)
            server = Server(("127.0.0.1", int(os.environ["AT"])), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            print(server.socket.getsockname()[1], flush=True)
            """;
        using var ours = PythonProcess.Start(Script, ("AT", "0"));
        using var foreign = PythonProcess.Start(Script, ("AT", ours.FirstLine));
        var port = int.Parse(ours.FirstLine, System.Globalization.CultureInfo.InvariantCulture);
        var seen = new HashSet<HealthOutcome>();

        for (var i = 0; i < 200 && seen.Count < 2; i++)
        {
            var result = await new HealthProbe().ProbeAsync(
                new HealthRequest { Host = "127.0.0.1", Port = port, IsExpectedPid = pid => pid == ours.Pid, LikelyPids = [ours.Pid], Timeout = TimeSpan.FromSeconds(30) }, default);
            var server = Assert.Single(result.ServedBy);
            Assert.Equal(server == ours.Pid ? HealthOutcome.Healthy : HealthOutcome.IdentityMismatch, result.Outcome);
            Assert.Contains(server, new[] { ours.Pid, foreign.Pid });
            seen.Add(result.Outcome);
        }

        Assert.Equal(2, seen.Count);
    }
}
