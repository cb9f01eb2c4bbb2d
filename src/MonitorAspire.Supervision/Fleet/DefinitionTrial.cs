namespace MonitorAspire.Supervision.Fleet;

/// <summary>The first start of a changed definition, after which the old one may be started again.</summary>
/// <param name="Old">The definition that served before.</param>
/// <param name="IsRemembered">Whether the new definition is kept as rejected when it fails.</param>
/// <param name="Continuations">How those who wait for the reports continue.</param>
internal sealed record DefinitionTrial(DaemonSpec Old, bool IsRemembered, TaskCreationOptions Continuations)
{
    /// <summary>The report of the new definition's start.</summary>
    public TaskCompletionSource<StartupReport> Ended { get; } = new(Continuations);

    /// <summary>The report of the old definition's start; <see langword="null"/> where there is no roll-back.</summary>
    public TaskCompletionSource<StartupReport>? RollbackEnded { get; set; }
}
