namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>
/// A finding together with its fix, where that is provably safe. The fix proves that again, and returns what was done. It throws
/// <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> where it fails, and <see cref="NoLongerSafeException"/>.
/// </summary>
internal sealed record FixableFinding(Finding Finding, Func<string>? Fix)
{
    internal FixableFinding(
        string id, FindingSeverity severity, string? file, string problem, string fix, Func<string>? action = null, int? port = null)
        : this(new Finding { Id = id, Severity = severity, File = file, Port = port, Problem = problem, Fix = fix, SafeToFix = action is not null }, action)
    {
    }

    internal Finding TryFix()
    {
        if (Fix is null)
        {
            return Finding;
        }

        try
        {
            return Finding with { Result = new FixResult(true, Fix()) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NoLongerSafeException)
        {
            return Finding with { Result = new FixResult(false, $"left as it is: {e.Message}") };
        }
    }
}

/// <summary>Something has changed after the finding, so that the fix is not provably safe any more.</summary>
internal sealed class NoLongerSafeException(string message) : Exception(message);
