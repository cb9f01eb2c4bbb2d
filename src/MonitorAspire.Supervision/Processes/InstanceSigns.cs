using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

/// <summary>What the members of an instance are recognised by.</summary>
/// <param name="Root">The instance, living or dead; <see langword="null"/> where it is not known.</param>
/// <param name="InstanceId">The id in the environment; <see langword="null"/> or empty where there is none.</param>
/// <param name="LockFile">The lock of its port.</param>
/// <param name="Launcher">The process that carries out its start, living or dead. It holds the same lock until the start has ended, and is no member.</param>
/// <param name="ControlGroup">Its control group; <see langword="null"/> where it has none of its own.</param>
internal sealed record InstanceSigns(
    ProcessIdentity? Root, string? InstanceId, string LockFile, ProcessIdentity? Launcher = null, string? ControlGroup = null);
