namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>A finding together with its mend, where that is provably safe.</summary>
/// <param name="Finding">What was found.</param>
/// <param name="Mend">
/// Proves again that it is safe, does it, and says what was done. It throws <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/> where it cannot, and <see cref="NoLongerSafeException"/> where the world has changed.
/// </param>
internal sealed record Symptom(Finding Finding, Func<string>? Mend = null)
{
    /// <summary>The finding after the mend was tried.</summary>
    internal Finding Treat()
    {
        if (Mend is null)
        {
            return Finding;
        }

        try
        {
            return Finding with { Result = new MendResult(true, Mend()) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NoLongerSafeException)
        {
            return Finding with { Result = new MendResult(false, $"left as it is: {e.Message}") };
        }
    }
}

/// <summary>Between the look and the mend something happened, so that the mend is not provably safe any more.</summary>
/// <param name="message">What happened.</param>
internal sealed class NoLongerSafeException(string message) : Exception(message);
