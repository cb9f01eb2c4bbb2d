using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Startup;

/// <summary>A stage that checks a living process again and again until it passes.</summary>
internal interface IWaitingStage
{
    StartupStage Stage { get; }

    /// <summary>Checks once.</summary>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>Whether the stage has passed.</returns>
    /// <exception cref="StartupFailedException">More checks cannot help.</exception>
    ValueTask<bool> PassesAsync(CancellationToken cancellationToken);

    /// <summary>The failure when the time of the start is up in this stage.</summary>
    /// <param name="limit">Time limit of the start, for people.</param>
    StartupFailedException TimedOut(string limit);
}
