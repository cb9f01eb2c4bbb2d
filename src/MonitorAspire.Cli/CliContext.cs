using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli;

/// <summary>What all commands use.</summary>
internal sealed record CliContext(CliConsole Console)
{
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes the engine for a state directory; tests give another one.</summary>
    internal Func<EngineOptions, IDaemonEngine> CreateEngine { get; init; } =
        static options => new DaemonEngine(options, NullLogger<DaemonEngine>.Instance);

    internal IDaemonEngine EngineFor(string stateDirectory) => CreateEngine(new EngineOptions { StateDirectory = stateDirectory });
}
