using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Every kind of health check against real processes that are right, wrong, slow, hanging and lying.</summary>
public sealed class HealthKindTests : IAsyncDisposable
{
    /// <summary>
    /// A server with faults. Its arguments are the port and the mode, which is a Python expression in which <c>answer(status, headers, body)</c>
    /// sends an answer, and <c>first()</c> is true once.
    /// </summary>
    private const string Server = """
        import http.server, os, socket, ssl, subprocess, sys, threading, time
        state = {"first": True}
        def first():
            was = state["first"]
            state["first"] = False
            return was
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                def answer(status, headers=dict(), body=""):
                    data = body.encode()
                    self.send_response(status)
                    for name in headers:
                        self.send_header(name, headers[name])
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                eval(sys.argv[2], dict(globals(), answer=answer, headers=self.headers, port=self.server.server_port))
            def log_message(self, *arguments):
                pass
        def serve(port, certificate=None):
            server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
            if certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            return server
        if len(sys.argv) > 4:
            threading.Thread(target=serve(int(sys.argv[4]), sys.argv[3]).serve_forever, daemon=True).start()
            serve(int(sys.argv[1])).serve_forever()
        serve(int(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else None).serve_forever()
        """;

    /// <summary>A server that sends a banner to each connection; without one it never accepts. Its other arguments are statements that run before.</summary>
    private const string Raw = """
        import os, socket, subprocess, sys, threading, time
        def notify(text):
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        exec(sys.argv[3] if len(sys.argv) > 3 else "")
        while not sys.argv[2]:
            time.sleep(60)
        while True:
            connection, _ = listener.accept()
            connection.sendall(bytes.fromhex(sys.argv[2]))
            connection.settimeout(5)
            try:
                connection.recv(4096)
            except OSError:
                pass
            connection.close()
        """;

    private const string Accepting = "2b0d0a";

    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData("answer(204)", "Statuses")]
    [InlineData("answer(200 if headers['X-Probe'] == 'yes' and headers['Host'] == 'app.local' else 403)", "Headers")]
    [InlineData("answer(200, body='x' * 1000 + 'status: fine')", "Text")]
    public async Task Http_WhatTheDefinitionAccepts_IsVerified(string mode, string option)
    {
        var health = option switch
        {
            "Statuses" => new HealthCheck { Statuses = [200, 204] },
            "Headers" => new HealthCheck { Headers = { ["X-Probe"] = "yes", ["Host"] = "app.local" } },
            _ => new HealthCheck { Text = "status: fine" },
        };

        AssertVerified(await StartAsync(mode, health));
    }

    [Theory]
    [InlineData("answer(204)", "GET /health: 204 after")]
    [InlineData("answer(200, body='status: bad')", "but the body does not contain the expected text: 'status: bad'")]
    public async Task Http_AnotherAnswer_IsNotVerifiedAndQuoted(string mode, string detail)
    {
        var report = await StartAsync(mode, new HealthCheck { Text = "status: fine", Startup = new CheckLimits { Failures = 2 } });

        AssertFailed(report, StartupReason.HealthStatus, detail);
        Assert.Contains("after 2 checks", report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_503WithABody_ShowsStatusTimeAndFirstLinesHarmless()
    {
        var report = await StartAsync(
            "answer(503, body='database \\x1b[31munreachable\\n\\nline 2\\nline 3\\nline 4' + 'x' * 5000)", new HealthCheck { Startup = new CheckLimits { Failures = 1 } });

        AssertFailed(report, StartupReason.HealthStatus, "database \uFFFD[31munreachable'");
        Assert.Matches("GET /health: 503 after [0-9.]+ m?s: '", report.Detail);
        Assert.Equal(503, report.HealthAnswer!.Status);
        Assert.Equal(["database \uFFFD[31munreachable", "line 2", "line 3"], report.HealthAnswer.Body);
        Assert.True(report.HealthAnswer.Ms > 0);
    }

    [Fact]
    public async Task Http_AlwaysSlowWithoutALimit_IsVerified() =>
        AssertVerified(await StartAsync("(time.sleep(3), answer(200))", new HealthCheck()));

    [Fact]
    public async Task Http_FirstRequestIsLost_IsVerifiedByAnother() =>
        AssertVerified(await StartAsync("time.sleep(300) if first() else answer(200)", new HealthCheck()));

    [Fact]
    public async Task Http_SlowerThanItsLimit_SaysWhatWasMeasured()
    {
        var report = await StartAsync(
            "(time.sleep(30), answer(200))", new HealthCheck { Startup = new CheckLimits { Timeout = TimeSpan.FromMilliseconds(300), Failures = 1 } });

        AssertFailed(report, StartupReason.TimedOut, "GET /health: no answer within 300 ms; connected after ");
    }

    [Fact]
    public async Task Http_LimitsOfARunningDaemon_AreItsOwn()
    {
        var health = new HealthCheck { Liveness = new CheckLimits { Timeout = TimeSpan.FromSeconds(20) } };
        var spec = ServerSpec("(time.sleep(2.5), answer(200))") with { Health = health };
        AssertVerified(await _fixture.StartAsync(spec));

        // The caller knows only the port; the record of the instance has the limit.
        var seen = await _fixture.InspectAsync(new DaemonSpec { Name = "x", Port = spec.Port });

        Assert.True(seen.Healthy, seen.Detail);
        var hasty = await _fixture.Engine.InspectAsync(spec, new InspectOptions { HealthTimeout = TimeSpan.FromMilliseconds(100) }, TestContext.Current.CancellationToken);
        Assert.Contains("no answer within 100 ms; connected after", hasty.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_SelfSignedCertificate_IsVerified() =>
        AssertVerified(await StartAsync("answer(200)", new HealthCheck { Kind = HealthCheckKind.Https }, Certificate()));

    [Fact]
    public async Task Https_SlowServer_IsVerified() =>
        AssertVerified(await StartAsync("(time.sleep(2.5), answer(200))", new HealthCheck { Kind = HealthCheckKind.Https }, Certificate()));

    [Fact]
    public async Task Https_HangsAfterTheHandshake_SaysWhatWasMeasured() => AssertFailed(
        await StartAsync("time.sleep(300)", new HealthCheck { Kind = HealthCheckKind.Https, Startup = new CheckLimits { Timeout = TimeSpan.FromSeconds(1), Failures = 1 } }, Certificate()),
        StartupReason.TimedOut,
        "no answer within 1 s");

    [Fact]
    public async Task Https_BodyNamesAnotherProcess_IsNotHealthy() => AssertFailed(
        await StartAsync("answer(200, body='{\"pid\": 1, \"port\": %d}' % port)", new HealthCheck { Kind = HealthCheckKind.Https, Startup = new CheckLimits { Failures = 1 } }, Certificate()),
        StartupReason.HealthIdentityMismatch,
        "1");

    [Fact]
    public async Task Https_AnotherStatus_IsNotVerifiedAndQuoted() => AssertFailed(
        await StartAsync("answer(503, body='database unreachable')", new HealthCheck { Kind = HealthCheckKind.Https, Startup = new CheckLimits { Failures = 1 } }, Certificate()),
        StartupReason.HealthStatus,
        "over HTTPS: 503 after",
        "'database unreachable'");

    [Theory]
    [InlineData(HealthCheckKind.Tcp, "time.sleep(2.5)")]
    [InlineData(HealthCheckKind.Log, "time.sleep(2.5); print('ready', flush=True)")]
    [InlineData(HealthCheckKind.Notify, "time.sleep(2.5); notify('READY=1')")]
    public async Task Slow_KindWithoutARequest_IsVerified(HealthCheckKind kind, string script)
    {
        Linux();
        var health = kind == HealthCheckKind.Log ? Log("ready") : new HealthCheck { Kind = kind };

        AssertVerified(await StartRawAsync(Accepting, script, health));
    }

    [Theory]
    [InlineData(HealthCheckKind.Log, "none of the 0 lines that it has written matches the pattern 'ready'")]
    [InlineData(HealthCheckKind.Notify, "READY=1 has not come")]
    public async Task Hanging_SaysNothingAtAll_IsNotVerified(HealthCheckKind kind, string detail)
    {
        Linux();

        AssertFailed(await _fixture.StartUntilAsync(RawSpec(Accepting, "", kind == HealthCheckKind.Log ? Log("ready") : Notify), StartupStage.Health, StartupReason.HealthUnreachable), StartupReason.HealthUnreachable, detail);
    }

    [Fact]
    public async Task Command_Slow_IsVerified() => AssertVerified(await StartRawAsync(Accepting, "", Command("sleep 2.5; echo $1", "fine")));

    [Fact]
    public async Task Http_OnATlsServer_NamesTlsAndTheKindThatFits() => AssertFailed(
        await StartAsync("answer(200)", new HealthCheck { Startup = new CheckLimits { Failures = 3 } }, Certificate()),
        StartupReason.HealthUnreachable,
        "it speaks TLS; the kind Https fits");

    [Fact]
    public async Task Https_OnAPlainServer_NamesTheKindThatFits() => AssertFailed(
        await StartAsync("answer(200)", new HealthCheck { Kind = HealthCheckKind.Https, Startup = new CheckLimits { Failures = 3 } }),
        StartupReason.HealthUnreachable,
        "it does not speak TLS; the kind Http fits");

    [Fact]
    public async Task Http_RedirectToItsOwnHttpsPort_IsFollowed()
    {
        var secure = FreePort.Next();
        var mode = $"answer(200) if port == {secure} else answer(307, dict(Location='https://localhost:{secure}/health'))";

        var report = await StartAsync(mode, new HealthCheck(), Certificate(), secure.ToString(CultureInfo.InvariantCulture));

        AssertVerified(report);
        var seen = await _fixture.InspectAsync(new DaemonSpec { Name = "x", Port = report.Port });
        Assert.Contains($"redirect 307 to port {secure} of the same daemon; GET /health over HTTPS: 200 after", seen.HealthDetail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_RedirectToAnotherProcess_IsNotFollowedAndSaysWhatToSet()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        var other = ServerSpec("answer(200)", Certificate()) with { Health = new HealthCheck { Kind = HealthCheckKind.Https } };
        AssertVerified(await _fixture.StartAsync(other));

        AssertFailed(
            await StartAsync($"answer(307, dict(Location='https://localhost:{other.Port}/health'))", new HealthCheck { Startup = new CheckLimits { Failures = 1 } }),
            StartupReason.HealthStatus,
            $"307 after",
            "which is not followed: it is not an HTTPS port of this daemon",
            "Health:Statuses");
    }

    [Theory]
    [InlineData("5353482d322e302d4f70656e5353480d0a", "SSH")]
    [InlineData("2d45525220756e6b6e6f776e20636f6d6d616e640d0a", "Redis")]
    [InlineData("323230206d61696c2e6578616d706c652045534d54500d0a", "SMTP or FTP")]
    [InlineData("000012040000000000", "HTTP/2 only")]
    [InlineData("4a0000000a382e302e333600", "MySQL")]
    [InlineData("15030300020228", "TLS")]
    [InlineData("00", "does not seem to speak HTTP")]
    public async Task Http_OnAnotherProtocol_NamesIt(string banner, string name)
    {
        var spec = _fixture.Spec("python3", "-c", Raw, "{port}", banner) with { Health = new HealthCheck { Startup = new CheckLimits { Failures = 3 } } };

        AssertFailed(await _fixture.StartAsync(spec), StartupReason.HealthUnreachable, name, "Health:Kind");
    }

    [Fact]
    public async Task Tcp_ServerThatAccepts_IsVerified() => AssertVerified(await StartRawAsync(Accepting, "", new HealthCheck { Kind = HealthCheckKind.Tcp }));

    [Fact]
    public async Task Tcp_ServerThatClosesAtOnce_IsVerified() => AssertVerified(
        await StartRawAsync("", "while True: listener.accept()[0].close()", new HealthCheck { Kind = HealthCheckKind.Tcp }));

    [Fact]
    public async Task Tcp_ProcessThatNeverAccepts_IsNotHealthyAlthoughTheKernelConnects()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells whether the process has taken a connection.");

        AssertFailed(
            await StartRawAsync("", "", new HealthCheck { Kind = HealthCheckKind.Tcp, Startup = new CheckLimits { Timeout = TimeSpan.FromMilliseconds(300), Failures = 1 } }),
            StartupReason.TimedOut,
            "the kernel completed it, but the process did not take it within 300 ms; connected after");
    }

    [Fact]
    public async Task Tcp_ProcessThatIsStopped_BecomesUnhealthy()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells whether the process has taken a connection.");
        var spec = _fixture.Spec("python3", "-c", Raw, "{port}", Accepting) with { Health = new HealthCheck { Kind = HealthCheckKind.Tcp } };
        var report = await _fixture.StartAsync(spec);
        AssertVerified(report);
        Assert.True((await _fixture.InspectAsync(spec)).Healthy);

        Assert.Equal(0, LibC.Kill(report.Pid!.Value, 19));
        await Wait.UntilAsync(() => ProcessTable.Current.Describe(report.Pid.Value)?.State == 'T', "it is stopped");

        var seen = await _fixture.Engine.InspectAsync(spec, new InspectOptions { HealthTimeout = TimeSpan.FromMilliseconds(500) }, TestContext.Current.CancellationToken);
        Assert.Equal((false, InspectionVerdict.Unhealthy), (seen.Healthy, seen.Verdict));
    }

    [Fact]
    public async Task Redis_TcpAndCommand_AreVerifiedAndHttpNamesIt()
    {
        RequireCommands("redis-server", "redis-cli");
        string[] arguments = ["--port", "{port}", "--bind", "{host}", "--save", "", "--dir", _fixture["."]];
        foreach (var health in (HealthCheck[])[new() { Kind = HealthCheckKind.Tcp }, new() { Kind = HealthCheckKind.Command, Command = "redis-cli", Arguments = ["-h", "{host}", "-p", "{port}", "ping"] }])
        {
            AssertVerified(await _fixture.StartAsync(_fixture.Spec("redis-server", arguments) with { Health = health }));
        }

        AssertFailed(
            await _fixture.StartAsync(_fixture.Spec("redis-server", arguments) with { Health = new HealthCheck { Startup = new CheckLimits { Failures = 2 } } }),
            StartupReason.HealthUnreachable,
            "it speaks the protocol of Redis and not HTTP; the kinds Tcp and Command fit");
    }

    [Fact]
    public async Task Nginx_HttpsPort_IsVerifiedByHttpsAndNamedByHttp()
    {
        RequireCommands("nginx");
        var (port, certificate) = (FreePort.Next(), Certificate());
        await File.WriteAllTextAsync(_fixture["nginx.conf"], $$"""
            pid {{_fixture["nginx.pid"]}};
            error_log {{_fixture["error.log"]}};
            daemon off;
            events {}
            http { access_log off; server { listen 127.0.0.1:{{port}} ssl; ssl_certificate {{certificate}}; ssl_certificate_key {{certificate}}; location / { return 200 "ok\n"; } } }
            """, TestContext.Current.CancellationToken);
        var spec = new DaemonSpec { Name = "nginx", Port = port, Command = "nginx", Arguments = ["-e", _fixture["error.log"], "-c", _fixture["nginx.conf"]] };

        var plain = await _fixture.StartAsync(spec with { Health = new HealthCheck { Startup = new CheckLimits { Failures = 1 } } });
        AssertFailed(plain, StartupReason.HealthStatus, "400 after", "it speaks TLS; the kind Https fits (--health https; in a configuration Health:Kind)");
        AssertVerified(await _fixture.StartAsync(spec with { Health = new HealthCheck { Kind = HealthCheckKind.Https } }));
    }

    [Fact]
    public async Task Command_FailsAndThenPasses_IsVerified() =>
        AssertVerified(await StartRawAsync(Accepting, "", Command("test -e \"$1\" || { touch \"$1\"; exit 1; }", _fixture["passed-before"])));

    [Fact]
    public async Task Command_Fails_ShowsExitCodeAndLastOutput()
    {
        var health = Command("yes x | head -c 1000000; echo; echo port $1 is not ready >&2; exit 3", "{port}") with { Startup = new CheckLimits { Failures = 1 } };

        var report = await StartRawAsync(Accepting, "", health);

        AssertFailed(report, StartupReason.HealthStatus, "the check sh ended with exit code 3 after");
        Assert.Equal(3, report.HealthAnswer!.Status);
        Assert.Equal($"port {report.Port} is not ready", report.HealthAnswer.Body[^1]);
        Assert.Equal(3, report.HealthAnswer.Body.Count);
    }

    [Fact]
    public async Task Command_Hangs_IsStoppedWithItsTree()
    {
        var pids = _fixture["pids"];
        var health = Command("echo working; (setsid sleep 300 & echo $! >> \"$1\"; wait) & echo $$ >> \"$1\"; wait", pids) with
        {
            Startup = new CheckLimits { Timeout = TimeSpan.FromSeconds(2), Failures = 1 },
        };

        var report = await StartRawAsync(Accepting, "", health);

        AssertFailed(report, StartupReason.TimedOut, "the check sh did not end within 2 s and was stopped: 'working'");
        var started = await File.ReadAllLinesAsync(pids, TestContext.Current.CancellationToken);
        Assert.Equal(2, started.Length);
        Assert.All(started, pid => Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(int.Parse(pid, CultureInfo.InvariantCulture)).Presence));
    }

    [Fact]
    public async Task Command_DoesNotExist_FailsAtOnce() => AssertFailed(
        await StartRawAsync(Accepting, "", new HealthCheck { Kind = HealthCheckKind.Command, Command = "no-such-check" }),
        StartupReason.CommandNotFound,
        "the health check cannot be made: there is no command 'no-such-check'");

    [Fact]
    public async Task Log_LineThatMatches_IsVerified()
    {
        var spec = RawSpec(Accepting, "print('starting', flush=True); time.sleep(0.5); sys.stdout.write('server is '); sys.stdout.flush(); time.sleep(0.3); print('ready', flush=True)", Log("^server is ready$"));

        AssertVerified(await _fixture.StartAsync(spec));

        Assert.True((await _fixture.InspectAsync(new DaemonSpec { Name = "x", Port = spec.Port })).Healthy);
    }

    [Fact]
    public async Task Log_LineOfAnEarlierInstance_DoesNotCount()
    {
        var ready = RawSpec(Accepting, "print('ready', flush=True)", Log("ready"));
        AssertVerified(await _fixture.StartAsync(ready));
        await _fixture.StopAsync(ready);
        var silent = ready with { Arguments = [.. ready.Arguments.SkipLast(1), "print('starting', flush=True)"] };

        AssertFailed(await _fixture.StartUntilAsync(silent, StartupStage.Health, StartupReason.HealthUnreachable, "none of the 1 lines"), StartupReason.HealthUnreachable, "none of the 1 lines that it has written matches the pattern 'ready'");
    }

    [Fact]
    public async Task Log_PatternThatTakesForEver_DoesNotHoldUpTheStart() => AssertFailed(
        await _fixture.StartUntilAsync(RawSpec(Accepting, "print('a' * 60, flush=True)", Log("^(a+)+b$")), StartupStage.Health, StartupReason.HealthUnreachable, "took longer"),
        StartupReason.HealthUnreachable,
        "the pattern took longer than 250 ms on one of them");

    [Fact]
    public async Task Notify_ReadyFromTheDaemon_IsVerified()
    {
        Linux();

        AssertVerified(await StartRawAsync(Accepting, "notify('STATUS=loading'); time.sleep(0.5); notify('READY=1\\nSTATUS=serving')", Notify));
    }

    [Fact]
    public async Task Notify_NotReady_ShowsItsStatus()
    {
        Linux();

        AssertFailed(
            await _fixture.StartUntilAsync(RawSpec(Accepting, "notify('STATUS=loading\\x1b[31m the index')", Notify), StartupStage.Health, StartupReason.HealthUnreachable, "STATUS"),
            StartupReason.HealthUnreachable,
            "READY=1 has not come; STATUS: 'loading\uFFFD[31m the index'");
    }

    [Fact]
    public async Task Notify_ReadyFromAProcessThatIsNoMember_DoesNotCount()
    {
        Linux();
        var spec = RawSpec(Accepting, "", Notify);
        var start = _fixture.StartAsync(spec, timeoutSeconds: 10);
        var path = _fixture.Files(spec.Port).NotifySocket;
        await Wait.UntilAsync(() => File.Exists(path), "the socket is there");
        using var stranger = PythonProcess.Start(
            "import os, socket\nsocket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(f'READY=1\\nMAINPID={os.getpid()}'.encode(), os.environ['AT'])\nprint('sent', flush=True)", ("AT", path));

        var report = await start;

        AssertFailed(report, StartupReason.HealthUnreachable, $"a message of PID {stranger.Pid} did not count");
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Notify_MainPidOfAMember_BecomesTheInstance()
    {
        Linux();
        var script = "child = subprocess.Popen(['sleep', '300']); notify(f'MAINPID={child.pid}\\nREADY=1')";
        var spec = RawSpec(Accepting, script, Notify);

        var report = await _fixture.StartAsync(spec);

        AssertVerified(report);
        Assert.EndsWith("/sleep", ProcessTable.Current.Describe(report.Pid!.Value)!.Executable, StringComparison.Ordinal);
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(_fixture.Files(spec.Port).PidFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Notify_WatchdogThatStops_MakesItUnhealthyAndIsHealthyAgain()
    {
        Linux();
        var resume = _fixture["resume"];
        var script = $"assert os.environ['WATCHDOG_USEC'] == '1000000'; notify('READY=1'); threading.Thread(target=lambda: [(notify('WATCHDOG=1') if os.path.exists('{resume}') else None, time.sleep(0.1)) for _ in range(3000)], daemon=True).start()";
        var health = Notify with { Liveness = new CheckLimits { Timeout = TimeSpan.FromSeconds(1) } };
        var spec = RawSpec(Accepting, script, health);
        AssertVerified(await _fixture.StartAsync(spec));

        DaemonInspection? seen = null;
        await Wait.UntilAsync(async () => (seen = await _fixture.InspectAsync(spec)).Healthy == false, "the watchdog has expired");
        Assert.Matches("no WATCHDOG=1 for [0-9.]+ s, the limit is 1 s", seen!.Detail);
        await File.WriteAllTextAsync(resume, "", TestContext.Current.CancellationToken);

        await Wait.UntilAsync(async () => (await _fixture.InspectAsync(spec)).Healthy == true, "the watchdog is fed again");
    }

    [Fact]
    public async Task Notify_AnotherEngineThatKeepsWatch_TakesTheSocketOver()
    {
        Linux();
        var script = "notify('READY=1'); threading.Thread(target=lambda: [(notify('STATUS=serving 7'), time.sleep(0.1)) for _ in range(3000)], daemon=True).start()";
        var spec = RawSpec(Accepting, script, Notify);
        AssertVerified(await _fixture.StartAsync(spec));
        var next = _fixture.NewEngine();

        await Wait.UntilAsync(
            async () => (await next.InspectAsync(spec, new InspectOptions { KeepsWatch = true }, TestContext.Current.CancellationToken)).HealthDetail?.Contains("serving 7", StringComparison.Ordinal) == true,
            "the next engine hears the daemon");
    }

    private static HealthCheck Notify => new() { Kind = HealthCheckKind.Notify };

    private static HealthCheck Log(string pattern) => new() { Kind = HealthCheckKind.Log, Pattern = pattern };

    private static HealthCheck Command(string script, string argument) =>
        new() { Kind = HealthCheckKind.Command, Command = "sh", Arguments = ["-c", script, "check", argument] };

    private static void Linux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Notifications need Linux.");

    private static void RequireCommands(params string[] commands)
    {
        var missing = commands.Where(c => !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, c)))).ToList();
        if (missing.Count > 0 && Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") == "1")
        {
            Assert.Fail($"missing in the gate: {string.Join(", ", missing)}");
        }

        Assert.SkipWhen(missing.Count > 0, $"needs {string.Join(", ", missing)}");
    }

    private static void AssertVerified(StartupReport report) => Assert.True(report.Verdict == StartupVerdict.Verified, $"{report.Detail}\n{string.Join('\n', report.LogTail)}");

    private static void AssertFailed(StartupReport report, StartupReason reason, params string[] detail)
    {
        Assert.True((reason, StartupStage.Health) == (report.Reason, report.Stage), $"{report.Reason} in {report.Stage}: {report.Detail}\n{string.Join('\n', report.LogTail)}");
        Assert.All(detail, text => Assert.Contains(text, report.Detail, StringComparison.Ordinal));
    }

    private DaemonSpec ServerSpec(string mode, params string[] more) => _fixture.Spec("python3", ["-c", Server, "{port}", mode, .. more]);

    private DaemonSpec RawSpec(string banner, string script, HealthCheck health) => _fixture.Spec("python3", "-c", Raw, "{port}", banner, script) with { Health = health };

    private Task<StartupReport> StartAsync(string mode, HealthCheck health, params string[] more) => _fixture.StartAsync(ServerSpec(mode, more) with { Health = health });

    private Task<StartupReport> StartRawAsync(string banner, string script, HealthCheck health) => _fixture.StartAsync(RawSpec(banner, script, health));

    private string Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var path = _fixture["certificate.pem"];
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return path;
    }
}
