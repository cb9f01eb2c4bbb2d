using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Launcher;

public class LauncherEndpointTests
{
    [Fact]
    public async Task Request_Answered_IsDone()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = supervisor.Launcher.RequestStartAsync("alpha", CancellationToken.None);
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);

        var request = await launcher.NextAsync<LauncherRequest>();
        Assert.Equal(("alpha", LauncherAction.Start), (request.Daemon, request.Action));
        Assert.False(asked.IsCompleted);
        launcher.Send(new LauncherAnswer(request.Id, null));

        await asked.WaitAsync(Wait.Generous);
    }

    [Fact]
    public async Task Request_AnsweredWithAnError_FailsWithThatError()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        var asked = supervisor.Launcher.RequestStopAsync("alpha", CancellationToken.None);

        launcher.Send(new LauncherAnswer((await launcher.NextAsync<LauncherRequest>()).Id, "no such resource"));

        var e = await Assert.ThrowsAsync<LaunchFailedException>(() => asked.WaitAsync(Wait.Generous));
        Assert.Equal("no such resource", e.Message);
    }

    [Fact]
    public async Task Request_LauncherGoneBeforeTheAnswer_IsSentToTheNextOne()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = supervisor.Launcher.RequestStartAsync("alpha", CancellationToken.None);
        LauncherRequest first;
        await using (var gone = await TestLauncher.ConnectAsync(supervisor))
        {
            first = await gone.NextAsync<LauncherRequest>();
        }

        await using var next = await TestLauncher.ConnectAsync(supervisor);

        Assert.Equal(first, await next.NextAsync<LauncherRequest>());
        next.Send(new LauncherAnswer(first.Id, null));
        await asked.WaitAsync(Wait.Generous);
    }

    [Fact]
    public async Task Connect_SecondLauncher_TakesThePlaceOfTheFirst()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var first = await TestLauncher.ConnectAsync(supervisor);
        await first.NextAsync<DaemonUpdate>();

        await using var second = await TestLauncher.ConnectAsync(supervisor);

        Assert.Contains("another launcher", await first.Ended.WaitAsync(Wait.Generous), StringComparison.Ordinal);
        var asked = supervisor.Launcher.RequestStartAsync("alpha", CancellationToken.None);
        second.Send(new LauncherAnswer((await second.NextAsync<LauncherRequest>()).Id, null));
        await asked.WaitAsync(Wait.Generous);
    }

    [Fact]
    public async Task Connect_FirstAllDaemonsAndThenEachChange()
    {
        await using var supervisor = await RunningSupervisor.StartAsync(new DaemonSpec { Name = "beta", Port = 9005 });
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        Assert.Equal(["alpha", "beta"], [(await launcher.NextAsync<DaemonUpdate>()).Daemon.Name, (await launcher.NextAsync<DaemonUpdate>()).Daemon.Name]);

        supervisor.Fleet.Add(supervisor.Fleet.Find("beta")! with { State = DaemonState.CrashLooping });
        supervisor.Fleet.Raise(FleetEventKind.StateChanged, "beta");

        Assert.Equal(("beta", DaemonState.CrashLooping), await launcher.NextAsync<DaemonUpdate>() is { Daemon: var beta } ? (beta.Name, beta.State) : default);
    }

    [Fact]
    public async Task Stop_Supervisor_EndsTheConnectionInOrder()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        await launcher.NextAsync<DaemonUpdate>();

        await supervisor.StopAsync().WaitAsync(Wait.Generous);

        Assert.Equal("it is stopping", await launcher.Ended.WaitAsync(Wait.Generous));
    }

    [Fact]
    public async Task Messages_AreJsonWithTheirType()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = supervisor.Launcher.RequestStartAsync("alpha", CancellationToken.None);
        using var socket = await TestLauncher.OpenAsync(supervisor);

        using var request = await ReceiveAsync(socket);
        Assert.Equal(("request", "alpha", "Start"), (Text(request, "type"), Text(request, "daemon"), Text(request, "action")));
        using var daemon = await ReceiveAsync(socket);
        Assert.Equal("daemon", Text(daemon, "type"));
        Assert.Equal("alpha", daemon.RootElement.GetProperty("daemon").GetProperty("name").GetString());
        await TestLauncher.SendAsync(socket, $$"""{"type": "answer", "id": {{request.RootElement.GetProperty("id").GetInt64()}}}""");
        await asked.WaitAsync(Wait.Generous);
        await TestLauncher.SendAsync(socket, """{"type": "report", "daemon": "alpha", "state": "Running", "pid": 4712, "traceParent": "00-1"}""");
        Assert.Equal(new AttachedLaunch(4712, "00-1"), await supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None).WaitAsync(Wait.Generous));

        static async Task<JsonDocument> ReceiveAsync(ClientWebSocket socket)
        {
            var buffer = new byte[64 * 1024];
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Wait.Generous);
            return JsonDocument.Parse(buffer.AsMemory(0, received.Count));
        }

        static string? Text(JsonDocument document, string name) => document.RootElement.GetProperty(name).GetString();
    }

    [Theory]
    [InlineData("dancing")]
    [InlineData("""{"type": "dance"}""")]
    [InlineData("""{"type": "report", "daemon": "alpha", "state": "Dancing"}""")]
    [InlineData("""{"daemon": "alpha"}""")]
    [InlineData("null")]
    [InlineData("""{"type": "report", "daemon": null, "state": "Running"}""")]
    [InlineData("""{"type": "report", "daemon": "alpha", "state": 99}""")]
    [InlineData("""{"type": "report", "daemon": "alpha", "state": "Running", "pid": -1}""")]
    [InlineData("""{"type": "report", "daemon": "alpha", "state": "Running", "logTail": [null]}""")]
    [InlineData("""{"type": "report", "daemon": "alpha", "state": "Running", "logTail": null}""")]
    [InlineData("""{"type": "daemon"}""")]
    public async Task Message_Malformed_EndsTheConnectionAndTheNextOneIsServed(string text)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        using (var socket = await TestLauncher.OpenAsync(supervisor))
        {
            await TestLauncher.SendAsync(socket, text);
            await EndAsync(socket);
        }

        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        await launcher.NextAsync<DaemonUpdate>();
    }

    [Fact]
    public async Task Message_TooLarge_EndsTheConnection()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        using var socket = await TestLauncher.OpenAsync(supervisor);
        var part = new byte[1024 * 1024];
        var sending = Task.Run(async () =>
        {
            while (socket.State == WebSocketState.Open)
            {
                await socket.SendAsync(part, WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);
            }
        });

        await EndAsync(socket);
        await Task.WhenAny(sending);
    }

    [Fact]
    public async Task Launcher_DoesNotAnswerPings_IsDisconnected()
    {
        // As a process that is stopped with SIGSTOP: it takes everything in and answers nothing.
        await using var supervisor = await RunningSupervisor.StartAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, supervisor.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"GET {LauncherConnection.Path} HTTP/1.1\r\nHost: 127.0.0.1:{supervisor.Port}\r\nAuthorization: Bearer {supervisor.Token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")));
        using var limit = new CancellationTokenSource(Wait.Generous);
        var buffer = new byte[4096];
        var all = 0;
        try
        {
            int count;
            while ((count = await stream.ReadAsync(buffer, limit.Token)) > 0)
            {
                all += count;
            }
        }
        catch (IOException)
        {
            // The connection was reset.
        }

        Assert.NotEqual(0, all);
        await using var next = await TestLauncher.ConnectAsync(supervisor);
        await next.NextAsync<DaemonUpdate>();
    }

    [Fact]
    public async Task Report_Running_EndsTheWaitForTheLaunch()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        var launched = supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None);
        launcher.Send(Report(LauncherState.Waiting));
        Assert.False(launched.IsCompleted);

        launcher.Send(Report(LauncherState.Running, 4712) with { TraceParent = "00-1" });

        Assert.Equal(new AttachedLaunch(4712, "00-1"), await launched.WaitAsync(Wait.Generous));
    }

    [Theory]
    [InlineData(nameof(LauncherState.Ended), "exit code 3")]
    [InlineData(nameof(LauncherState.Failed), "port 9001 is taken")]
    public async Task Report_NotLaunched_FailsTheWaitWithTheReason(string state, string reason)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        launcher.Send(Report(Enum.Parse<LauncherState>(state), 4712) with { ExitCode = 3, Detail = "port 9001 is taken", LogTail = ["boom"] });

        var e = await Assert.ThrowsAsync<LaunchFailedException>(() => supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None).WaitAsync(Wait.Generous));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal(["boom"], e.LogTail);
    }

    [Theory]
    [InlineData(nameof(LauncherState.Ended), 4712, true, AttachedEnd.StoppedOnPurpose)]
    [InlineData(nameof(LauncherState.Ended), 4712, false, AttachedEnd.ByItself)]
    [InlineData(nameof(LauncherState.Running), 4713, false, AttachedEnd.Replaced)]
    public async Task WaitForEnd_WaitsForTheReportOfIt(string state, int pid, bool onPurpose, AttachedEnd end)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        launcher.Send(Report(LauncherState.Running, 4712));
        await supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None).WaitAsync(Wait.Generous);
        var explained = supervisor.Launcher.WaitForEndAsync("alpha", CancellationToken.None);

        launcher.Send(Report(Enum.Parse<LauncherState>(state), pid) with { OnPurpose = onPurpose, ExitCode = 137 });

        Assert.Equal(end, (await explained.WaitAsync(Wait.Generous)).End);
    }

    [Fact]
    public async Task WaitForEnd_OfAnAdoptedInstance_WaitsForTheReportOfItToo()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        launcher.Send(Report(LauncherState.Running, 4712));

        // Messages are handled in order: when this is answered, the report has been read.
        var asked = supervisor.Launcher.RequestStopAsync("alpha", CancellationToken.None);
        launcher.Send(new LauncherAnswer((await launcher.NextAsync<LauncherRequest>()).Id, null));
        await asked.WaitAsync(Wait.Generous);
        var explained = supervisor.Launcher.WaitForEndAsync("alpha", CancellationToken.None);
        Assert.False(explained.IsCompleted);

        launcher.Send(Report(LauncherState.Ended, 4712) with { ExitCode = 3 });

        var exit = await explained.WaitAsync(Wait.Generous);
        Assert.Equal((AttachedEnd.ByItself, 3), (exit.End, exit.ExitCode!.Value));
    }

    [Fact]
    public async Task Report_LaunchThatNobodyAskedFor_IsRaisedOnce()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        var unasked = System.Threading.Channels.Channel.CreateUnbounded<string>();
        supervisor.Launcher.LaunchedUnasked += name => unasked.Writer.TryWrite(name);

        var awaited = supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None);
        launcher.Send(Report(LauncherState.Running, 4712));
        await awaited.WaitAsync(Wait.Generous);
        launcher.Send(Report(LauncherState.Running, 4712));
        launcher.Send(Report(LauncherState.Running, 4713) with { Daemon = "unknown" });
        launcher.Send(Report(LauncherState.Running, 4713));

        Assert.Equal("alpha", await unasked.Reader.ReadAsync().AsTask().WaitAsync(Wait.Generous));
        Assert.False(unasked.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Report_StopThatNobodyAskedFor_IsRaisedOnceAndExplainsTheEnd()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        var unasked = System.Threading.Channels.Channel.CreateUnbounded<string>();
        supervisor.Launcher.StoppingUnasked += name => unasked.Writer.TryWrite(name);
        var stopping = Report(LauncherState.Stopping, 4712) with { OnPurpose = true };

        launcher.Send(Report(LauncherState.Running, 4712));
        await supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None).WaitAsync(Wait.Generous);

        // Another process, and the same twice.
        launcher.Send(stopping with { Pid = 4711 });
        launcher.Send(stopping);
        launcher.Send(stopping);
        launcher.Send(Report(LauncherState.Ended, 4712));

        Assert.Equal(AttachedEnd.StoppedOnPurpose, (await supervisor.Launcher.WaitForEndAsync("alpha", CancellationToken.None).WaitAsync(Wait.Generous)).End);
        Assert.Equal("alpha", await unasked.Reader.ReadAsync().AsTask().WaitAsync(Wait.Generous));
        Assert.False(unasked.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Report_StopThatTheSupervisorAskedFor_IsNotRaised()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await using var launcher = await TestLauncher.ConnectAsync(supervisor);
        var isRaised = false;
        supervisor.Launcher.StoppingUnasked += _ => isRaised = true;
        launcher.Send(Report(LauncherState.Running, 4712));
        await supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None).WaitAsync(Wait.Generous);

        var asked = supervisor.Launcher.RequestStopAsync("alpha", CancellationToken.None);
        launcher.Send(Report(LauncherState.Stopping, 4712));
        launcher.Send(new LauncherAnswer((await launcher.NextAsync<LauncherRequest>()).Id, null));
        await asked.WaitAsync(Wait.Generous);

        Assert.False(isRaised);
    }

    [Fact]
    public async Task Connect_WithoutTokenOrWithoutWebSocket_IsRefused()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, LauncherConnection.Path, token: ""), HttpStatusCode.Unauthorized);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, LauncherConnection.Path), HttpStatusCode.UpgradeRequired);
        await Assert.ThrowsAsync<WebSocketException>(() => TestLauncher.OpenAsync(supervisor, token: new string('0', 64)));
    }

    private static LauncherReport Report(LauncherState state, int? pid = null) => new() { Daemon = "alpha", State = state, Pid = pid };

    private static async Task EndAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        try
        {
            while ((await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Wait.Generous)).MessageType != WebSocketMessageType.Close)
            {
                // The daemons.
            }
        }
        catch (WebSocketException)
        {
            // It ended without a handshake.
        }
    }
}
