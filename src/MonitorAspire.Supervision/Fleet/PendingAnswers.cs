namespace MonitorAspire.Supervision.Fleet;

/// <summary>The callers who wait for the report of a start or a stop of one daemon.</summary>
internal sealed class PendingAnswers
{
    private readonly List<(long From, TaskCompletionSource<StartupReport> Answer)> _starts = [];
    private readonly List<TaskCompletionSource<StopReport>> _stops = [];

    public bool AnyStart => _starts.Count > 0;

    /// <summary>Adds a caller who waits for this start or a later one: the start that a restart interrupts does not answer the restart.</summary>
    public void AddStart(TaskCompletionSource<StartupReport> answer, long from) => _starts.Add((from, answer));

    public void AddStop(TaskCompletionSource<StopReport> answer) => _stops.Add(answer);

    /// <summary>Answers the callers who wait for this start or an earlier one.</summary>
    public void AnswerStarts(long operation, StartupReport report) => _starts.RemoveAll(start => start.From <= operation && start.Answer.TrySetResult(report));

    /// <summary>Answers all who wait for a stop.</summary>
    public void AnswerStops(StopReport report) => _stops.RemoveAll(stop => stop.TrySetResult(report));

    /// <summary>Tells all who wait for a start why there will be none.</summary>
    public void FailStarts(Exception reason) => _starts.RemoveAll(start => start.Answer.TrySetException(reason));

    /// <summary>Tells all who wait why there will be no answer.</summary>
    public void FailAll(Exception reason)
    {
        FailStarts(reason);
        _stops.RemoveAll(stop => stop.TrySetException(reason));
    }
}
