namespace MonitorAspire.Supervision.Startup;

/// <summary>A stage that checks a living process again and again until it passes.</summary>
internal interface IWaitingStage
{
    StartupStage Stage { get; }

    /// <summary>Checks once. The result says whether the stage has passed.</summary>
    /// <exception cref="StartupFailedException">More checks cannot help.</exception>
    ValueTask<bool> PassesAsync(CancellationToken cancellationToken);

    /// <summary>The failure when the time of the start is up in this stage; the limit is text for people.</summary>
    StartupFailedException TimedOut(string limit);
}
