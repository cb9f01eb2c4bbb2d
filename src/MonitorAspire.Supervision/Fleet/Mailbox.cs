using System.Collections.Concurrent;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Runs the messages of one daemon one after the other, in the order in which they were posted: what only messages touch needs no lock.
/// Work that takes time runs beside them. Errors are reported with the name of the message or the work.
/// </summary>
/// <param name="schedule">Puts work on another thread.</param>
/// <param name="onError">Gets the errors.</param>
/// <param name="runHere">Runs work on the calling thread. Default: as <paramref name="schedule"/>.</param>
/// <param name="continuations">How those who wait for the end continue. Default: on a thread of the thread pool.</param>
internal sealed class Mailbox(
    Action<Action> schedule,
    Action<Exception, string> onError,
    Action<Action>? runHere = null,
    TaskCreationOptions continuations = TaskCreationOptions.RunContinuationsAsynchronously) : IDisposable
{
    private readonly Action<Action> _runHere = runHere ?? schedule;
    private readonly ConcurrentQueue<(Action Message, Action? WhenEnded)> _messages = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _ended = new(continuations);
    private Action? _next;
    private int _waiting;
    private int _working;

    /// <summary>Cancelled when the mailbox begins to end.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Adds a message and never waits. <paramref name="whenEnded"/> runs in its place when the mailbox has ended.</summary>
    public void Post(Action message, Action? whenEnded = null) => Post(message, whenEnded, schedule);

    /// <summary>
    /// As <see cref="Post(Action, Action?)"/>, but runs the message on the calling thread unless another thread runs one now. For a caller that has nothing else to
    /// do, as a timer: to wake another thread costs more than most messages.
    /// </summary>
    public void PostHere(Action message) => Post(message, whenEnded: null, _runHere);

    /// <summary>Begins work beside the messages, which posts its result. Only messages call this.</summary>
    public void Work(string name, Func<Task> work)
    {
        _working++;
        schedule(() => _ = WorkAsync(name, work));
    }

    /// <summary>As <see cref="Work"/>, but on the thread of the message, after the messages. One work for each message.</summary>
    public void WorkHere(string name, Func<Task> work)
    {
        _working++;
        _next = () => _ = WorkAsync(name, work);
    }

    /// <summary>Cancels <see cref="Ending"/>, waits until no work is left, and runs no message after that.</summary>
    public async Task EndAsync()
    {
        // Work that is cancelled may go on within the call, and that is not to hold up the caller.
        schedule(() =>
        {
            _ending.Cancel();
            Post(EndIfIdle);
        });
        await _ended.Task.ConfigureAwait(false);
    }

    public void Dispose() => _ending.Dispose();

    private void Post(Action message, Action? whenEnded, Action<Action> run)
    {
        _messages.Enqueue((message, whenEnded));
        if (Interlocked.Increment(ref _waiting) == 1)
        {
            run(RunAll);
        }
    }

    private void RunAll()
    {
        // After the last message another thread may run the next ones.
        Action? after = null;
        do
        {
            _messages.TryDequeue(out var next);
            try
            {
                (_ended.Task.IsCompleted ? next.WhenEnded : next.Message)?.Invoke();
            }
            catch (Exception e)
            {
                onError(e, "a message");
            }

            after += Interlocked.Exchange(ref _next, null);
        }
        while (Interlocked.Decrement(ref _waiting) > 0);
        if (after is not null)
        {
            _runHere(after);
        }
    }

    private async Task WorkAsync(string name, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException && _ending.IsCancellationRequested)
        {
            // The supervision ends.
        }
        catch (Exception e)
        {
            onError(e, name);
        }

        PostHere(() =>
        {
            _working--;
            EndIfIdle();
        });
    }

    private void EndIfIdle()
    {
        if (_working == 0 && _ending.IsCancellationRequested)
        {
            _ended.TrySetResult();
        }
    }
}
