using System.Collections.Concurrent;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class MailboxTests
{
    private static readonly Action<Action> ThreadPoolSchedule = work => Task.Run(work);

    private readonly ConcurrentQueue<string> _errors = new();

    [Fact]
    public async Task Post_FromManyThreads_RunsEachMessageOnceAndNeverTwoAtOnce()
    {
        using var mailbox = New();
        var (running, count) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                mailbox.Post(() =>
                {
                    Assert.Equal(1, Interlocked.Increment(ref running));
                    count++;
                    Interlocked.Decrement(ref running);
                });
            }
        })));
        await mailbox.EndAsync();

        Assert.Equal(8000, count);
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task Post_MessageThrows_IsReportedAndTheNextRuns()
    {
        using var mailbox = New();
        var ran = false;
        mailbox.Post(() => throw new InvalidOperationException("wrong"));
        mailbox.Post(() => ran = true);
        await mailbox.EndAsync();

        Assert.True(ran);
        Assert.Equal(["a message: wrong"], _errors);
    }

    [Fact]
    public async Task EndAsync_WorkUnderWay_IsCancelledAndItsResultStillArrives()
    {
        using var mailbox = New();
        var result = false;
        mailbox.Post(() => mailbox.Work("waiting", async () =>
        {
            await Task.Delay(Timeout.Infinite, mailbox.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            mailbox.Post(() => result = true);
        }));
        await mailbox.EndAsync();

        Assert.True(result);
    }

    [Fact]
    public async Task Post_AfterTheEnd_RunsTheOtherAction()
    {
        using var mailbox = New();
        await mailbox.EndAsync();
        var answer = new TaskCompletionSource<string>();

        mailbox.Post(() => answer.SetResult("message"), () => answer.SetResult("ended"));

        Assert.Equal("ended", await answer.Task);
    }

    [Fact]
    public async Task Work_Fails_IsReportedWithItsName()
    {
        using var mailbox = New();
        mailbox.Post(() => mailbox.Work("a probe", () => throw new InvalidOperationException("wrong")));
        await mailbox.EndAsync();

        Assert.Equal(["a probe: wrong"], _errors);
    }

    [Fact]
    public void PostHere_Idle_RunsMessageAndItsWorkOnThisThread()
    {
        using var mailbox = new Mailbox(_ => Assert.Fail("no other thread is needed"), (e, what) => _errors.Enqueue($"{what}: {e.Message}"), work => work());
        var ran = new List<string>();
        mailbox.PostHere(() =>
        {
            mailbox.WorkHere("a probe", () =>
            {
                ran.Add("work");
                mailbox.PostHere(() => ran.Add("result"));
                return Task.CompletedTask;
            });
            mailbox.PostHere(() => ran.Add("next message"));
            ran.Add("message");
        });

        Assert.Equal(["message", "next message", "work", "result"], ran);
        Assert.Empty(_errors);
    }

    [Fact]
    public async Task WorkHere_FromManyThreads_EachRunsOnceAndMessagesNeverAtOnce()
    {
        using var mailbox = new Mailbox(ThreadPoolSchedule, (e, what) => _errors.Enqueue($"{what}: {e.Message}"), work => work());
        var (running, works) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                mailbox.PostHere(() =>
                {
                    Assert.Equal(1, Interlocked.Increment(ref running));
                    mailbox.WorkHere("a probe", () =>
                    {
                        Interlocked.Increment(ref works);
                        return Task.CompletedTask;
                    });
                    Interlocked.Decrement(ref running);
                });
            }
        })));
        await mailbox.EndAsync();

        Assert.Equal(8000, works);
        Assert.Empty(_errors);
    }

    private Mailbox New() => new(ThreadPoolSchedule, (e, what) => _errors.Enqueue($"{what}: {e.Message}"));
}
