namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>A finding together with its fix, where that is provably safe.</summary>
/// <param name="Finding">The finding.</param>
/// <param name="Fix">
/// Proves again that the fix is safe, carries it out and returns what was done. It throws <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/> where it fails, and <see cref="NoLongerSafeException"/> where it is not safe any more.
/// </param>
internal sealed record FixableFinding(Finding Finding, Func<string>? Fix = null)
{
    /// <summary>Tries the fix, where there is one.</summary>
    /// <returns>The finding with the result.</returns>
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
/// <param name="message">What has changed.</param>
internal sealed class NoLongerSafeException(string message) : Exception(message);
