using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class AlertWebhookTests
{
    [Fact]
    public async Task Fleet_HealthLostAndBack_PostsOnceFiredAndOnceResolved()
    {
        var receiver = new Receiver(_ => Task.FromResult(HttpStatusCode.NoContent));
        await using var webhook = NewWebhook(receiver);
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), webhook: webhook, before: e => e[9000].StartTakes = TimeSpan.FromSeconds(15)).BeginAsync();
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running);
        fixture.Engine.Kill(9000);
        await fixture.AdvanceAsync(20);
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running);
        await Wait.UntilAsync(() => receiver.Bodies.Count == 2, "two posts");

        var (fired, resolved) = (JsonDocument.Parse(receiver.Bodies.First()).RootElement, JsonDocument.Parse(receiver.Bodies.Last()).RootElement);
        Assert.Equal("health-lost", fired.GetProperty("kind").GetString());
        Assert.Equal("fired", fired.GetProperty("state").GetString());
        Assert.Equal("d0", fired.GetProperty("daemon").GetString());
        Assert.Equal("resolved", resolved.GetProperty("state").GetString());
        Assert.Equal(fired.GetProperty("firedAt").GetString(), resolved.GetProperty("firedAt").GetString());
        Assert.True(resolved.TryGetProperty("resolvedAt", out _));
        Assert.Equal(["application/json"], receiver.ContentTypes.Distinct());
    }

    [Fact]
    public async Task Enqueue_ReceiverFailsForAWhile_TriesAgainInOrder()
    {
        var answers = new Queue<HttpStatusCode>([HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests, HttpStatusCode.OK, HttpStatusCode.OK]);
        var receiver = new Receiver(_ => Task.FromResult(answers.Dequeue()));
        await using var webhook = NewWebhook(receiver);
        webhook.Enqueue(Alert("a"));
        webhook.Enqueue(Alert("b"));
        await Wait.UntilAsync(() => receiver.Bodies.Count == 4, "four posts");
        Assert.Equal(["a", "a", "a", "b"], receiver.Bodies.Select(b => JsonDocument.Parse(b).RootElement.GetProperty("daemon").GetString()));
    }

    [Fact]
    public async Task Enqueue_ReceiverRefusesOrIsGone_IsGivenUpAndTheNextIsPosted()
    {
        var receiver = new Receiver(n => n switch
        {
            1 => Task.FromResult(HttpStatusCode.BadRequest),
            <= 4 => throw new HttpRequestException("refused"),
            _ => Task.FromResult(HttpStatusCode.OK),
        });
        await using var webhook = NewWebhook(receiver, retries: 2);
        webhook.Enqueue(Alert("refused"));
        webhook.Enqueue(Alert("gone"));
        webhook.Enqueue(Alert("well"));
        await Wait.UntilAsync(() => receiver.Bodies.Count == 5, "five posts");
        Assert.Contains("\"well\"", receiver.Bodies.Last());
    }

    [Fact]
    public async Task Fleet_ReceiverNeverAnswers_SupervisionGoesOn()
    {
        var never = new TaskCompletionSource<HttpStatusCode>();
        var receiver = new Receiver(_ => never.Task);
        await using var webhook = NewWebhook(receiver, timeout: TimeSpan.FromMilliseconds(100));
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2), webhook: webhook).BeginAsync();
        fixture.Engine[9001].AlwaysFails = StartupReason.TimedOut;
        fixture.Engine.Kill(9001);
        await fixture.AdvanceAsync(20);
        Assert.NotEmpty(fixture["d1"].Alerts);
        fixture.Engine.Kill(9000);
        await fixture.UntilAsync(() => fixture["d0"] is { State: DaemonState.Running, Restarts: 1 });
    }

    [Fact]
    public async Task Use_AnotherAddressOrNone_HoldsForWhatComesThen()
    {
        var receiver = new Receiver(_ => Task.FromResult(HttpStatusCode.OK));
        await using var webhook = NewWebhook(receiver);

        webhook.Use(null);
        webhook.Enqueue(Alert("nobody"));
        webhook.Use(new Uri("https://example.org/other"));
        webhook.Enqueue(Alert("other"));
        await Wait.UntilAsync(() => receiver.Bodies.Count == 1, "a post");

        Assert.Contains("\"other\"", receiver.Bodies.Single());
        Assert.Throws<ArgumentException>(() => webhook.Use(new Uri("ftp://example.org/")));
    }

    private static AlertWebhook NewWebhook(Receiver receiver, int retries = 4, TimeSpan? timeout = null) => new(
        new AlertWebhookOptions
        {
            Url = new Uri("http://127.0.0.1:9/alerts"),
            Retries = retries,
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        },
        NullLogger<AlertWebhook>.Instance,
        handler: receiver);

    private static FleetAlert Alert(string daemon) =>
        new() { Kind = AlertKind.CrashLoop, State = AlertState.Fired, Daemon = daemon, Message = "m", FiredAt = DateTimeOffset.UnixEpoch };

    private sealed class Receiver(Func<int, Task<HttpStatusCode>> answer) : HttpMessageHandler
    {
        private int _count;

        public ConcurrentQueue<string> Bodies { get; } = new();

        public ConcurrentQueue<string?> ContentTypes { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Bodies.Enqueue(await request.Content!.ReadAsStringAsync(cancellationToken));
            ContentTypes.Enqueue(request.Content.Headers.ContentType?.MediaType);
            return new HttpResponseMessage(await answer(Interlocked.Increment(ref _count)).WaitAsync(cancellationToken));
        }
    }
}
