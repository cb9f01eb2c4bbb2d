using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli;

/// <summary>What all commands use.</summary>
/// <param name="Console">Where it prints.</param>
internal sealed record CliContext(CliConsole Console)
{
    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes the engine for a state directory; tests give another one.</summary>
    internal Func<EngineOptions, IDaemonEngine> CreateEngine { get; init; } =
        static options => new DaemonEngine(options, NullLogger<DaemonEngine>.Instance);

    /// <summary>The engine on a state directory.</summary>
    /// <param name="stateDirectory">Absolute path.</param>
    internal IDaemonEngine EngineFor(string stateDirectory) => CreateEngine(new EngineOptions { StateDirectory = stateDirectory });
}
