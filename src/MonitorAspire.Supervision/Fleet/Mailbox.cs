using System.Collections.Concurrent;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Runs the messages of one daemon one after the other, in the order in which they were posted: what only messages touch needs no lock.
/// Work that takes time runs beside them. Errors are reported with the name of the message or the work.
/// </summary>
internal sealed class Mailbox(
    Action<Action> schedule,
    Action<Exception, string> onError,
    TaskCreationOptions continuations = TaskCreationOptions.RunContinuationsAsynchronously) : IDisposable
{
    private readonly ConcurrentQueue<(Action Message, Action? WhenEnded)> _messages = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _ended = new(continuations);
    private int _waiting;
    private int _working;

    /// <summary>Cancelled when the mailbox begins to end.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Adds a message and never waits. <paramref name="whenEnded"/> runs in its place when the mailbox has ended.</summary>
    public void Post(Action message, Action? whenEnded = null)
    {
        _messages.Enqueue((message, whenEnded));
        if (Interlocked.Increment(ref _waiting) == 1)
        {
            schedule(RunAll);
        }
    }

    /// <summary>Begins work beside the messages, which posts its result. Only messages call this.</summary>
    public void Work(string name, Func<Task> work)
    {
        _working++;
        schedule(() => _ = WorkAsync(name, work));
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

    private void RunAll()
    {
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
        }
        while (Interlocked.Decrement(ref _waiting) > 0);
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

        Post(() =>
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
