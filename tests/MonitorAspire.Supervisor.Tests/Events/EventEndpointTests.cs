using System.Net;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Events;

public class EventEndpointTests
{
    [Fact]
    public async Task Watch_NewEvents_ArriveInOrderWithIdKindAndData()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        supervisor.Fleet.Raise(FleetEventKind.StateChanged, "alpha");
        using var stream = await supervisor.OpenAsync("/api/events");
        await ReadCommentAsync(stream);

        supervisor.Fleet.Raise(FleetEventKind.Exited, "alpha");
        supervisor.Fleet.Raise(FleetEventKind.StartVerified, "alpha");

        var first = await ReadAsync(stream);
        var second = await ReadAsync(stream);
        Assert.Equal(("exited", 2), (first.Kind, first.Number));
        Assert.Equal(("start-verified", 3), (second.Kind, second.Number));
        Assert.Equal("alpha", first.Data.GetProperty("daemon").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Watch_Event_IsWrittenAsTheCommandLineReadsIt()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        using var stream = await supervisor.OpenAsync("/api/events");
        await ReadCommentAsync(stream);
        var report = new StartupReport
        {
            Name = "alpha", Host = "127.0.0.1", Port = 9000, Verdict = StartupVerdict.Failed, Stage = StartupStage.PortBound, Reason = StartupReason.PortInUse,
            Owner = new PortOwner(7, "/bin/x", "127.0.0.1:9000"), Stages = [new StageTiming(StartupStage.Preflight, 1.5)], LogTail = ["a \"line\""], ExitCode = 3,
        };

        var happened = supervisor.Fleet.Raise(FleetEventKind.StartFailed, "alpha", report, "port 9000 is in use");

        Assert.Equal(JsonSerializer.Serialize(happened, SupervisionJson.Default.FleetEvent), (await ReadAsync(stream)).Data.GetRawText());
    }

    [Fact]
    public async Task Watch_LastEventId_ReplaysWhatCameAfter()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            supervisor.Fleet.Raise(FleetEventKind.StateChanged, "alpha");
        }

        using var first = await supervisor.OpenAsync("/api/events", "0");
        await ReadAsync(first);
        var second = await ReadAsync(first);
        using var again = await supervisor.OpenAsync("/api/events", second.Id);

        foreach (var number in Enumerable.Range(3, 3))
        {
            Assert.Equal(number, (await ReadAsync(again)).Number);
        }
    }

    [Fact]
    public async Task Watch_IdOfAnEarlierSupervisor_ReplaysEverything()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        supervisor.Fleet.Raise(FleetEventKind.StateChanged, "alpha");

        using var stream = await supervisor.OpenAsync("/api/events", "00000000-900");

        Assert.Equal(1, (await ReadAsync(stream)).Number);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("00000000-")]
    [InlineData("99999999999999999999999")]
    public async Task Watch_NoId_Is400(string id)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", id);

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Watch_SupervisorStops_StreamEndsAndDoesNotDelayTheStop()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        using var stream = await supervisor.OpenAsync("/api/events");
        await ReadCommentAsync(stream);

        await supervisor.StopAsync().WaitAsync(Wait.Generous);

        while (await stream.ReadLineAsync().WaitAsync(Wait.Generous) is not null)
        {
            // Events and comments that were sent before the stop.
        }
    }

    private static async Task ReadCommentAsync(StreamReader stream)
    {
        Assert.StartsWith(":", await stream.ReadLineAsync().WaitAsync(Wait.Generous), StringComparison.Ordinal);
        Assert.Equal("", await stream.ReadLineAsync().WaitAsync(Wait.Generous));
    }

    private static async Task<(string Id, int Number, string Kind, JsonElement Data)> ReadAsync(StreamReader stream)
    {
        string id = "", kind = "", data = "";
        while (await stream.ReadLineAsync().WaitAsync(Wait.Generous) is { } line)
        {
            switch (line.Split(": ", 2))
            {
                case ["id", var value]:
                    id = value;
                    break;
                case ["event", var value]:
                    kind = value;
                    break;
                case ["data", var value]:
                    data = value;
                    break;
                case [""] when data.Length > 0:
                    var json = JsonDocument.Parse(data).RootElement;
                    var number = json.GetProperty("id").GetInt32();
                    Assert.EndsWith($"-{number}", id, StringComparison.Ordinal);
                    return (id, number, kind, json);
            }
        }

        throw new EndOfStreamException("the stream ended before an event");
    }
}
