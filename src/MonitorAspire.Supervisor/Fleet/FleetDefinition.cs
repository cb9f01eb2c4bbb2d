using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>
/// What the fleet is made of: the configuration, and over it what was said over the interface. Whatever changes it comes through here, one
/// after the other. A change is checked as a whole, kept, and carried out; one that fails on the way leaves everything as it was.
/// </summary>
internal sealed partial class FleetDefinition(
    FleetConfiguration configuration,
    FleetOverlay overlay,
    OverlayFile file,
    IFleetControl control,
    DaemonEnvironment environment,
    SupervisorSettings settings,
    ILogger<FleetDefinition> logger) : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private volatile FleetConfiguration _configuration = configuration;
    private volatile FleetOverlay _overlay = overlay;

    public void Dispose() => _changing.Dispose();

    /// <summary>Adds a daemon, or gives one that there is another definition.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="definition">The daemon; it may leave out its name.</param>
    /// <param name="cancellationToken">Gives up waiting for another change; one that has begun is carried out.</param>
    /// <returns>Whether it is new.</returns>
    /// <exception cref="DefinitionException">The definition cannot be.</exception>
    /// <exception cref="FleetConflictException">It does not go together with the other daemons.</exception>
    /// <exception cref="IOException">It could not be kept, so nothing was done.</exception>
    internal Task<bool> PutAsync(string name, DaemonDefinition definition, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            var existing = Effective(name);
            RefuseAttached(existing ?? Configured(name));
            if (definition.Name is { } given && !string.Equals(given, name, StringComparison.OrdinalIgnoreCase))
            {
                throw new DefinitionException("name", $"'{given}' is not '{name}', which the address names");
            }

            definition.Name = existing?.Name ?? Configured(name)?.Name ?? name;
            var problems = DefinitionCheck.Problems(definition, _configuration.Monitors).GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Select(p => p.Message).ToArray());
            if (problems.Count > 0)
            {
                throw new DefinitionException(problems);
            }

            await KeepAndApplyAsync(_overlay.With(definition), definition.Name);
            LogPut(existing is null ? "added" : "changed", definition.Name);
            return existing is null;
        },
        cancellationToken);

    /// <summary>Stops a daemon and takes it out of the fleet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting for another change; one that has begun is carried out.</param>
    /// <returns>How it was stopped; <see langword="null"/> where there was nothing to stop.</returns>
    /// <exception cref="KeyNotFoundException">The fleet has no such daemon.</exception>
    /// <exception cref="FleetConflictException">It cannot be taken out.</exception>
    /// <exception cref="IOException">It could not be kept that it is out.</exception>
    internal Task<StopReport?> DeleteAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            var existing = Effective(name) ?? throw new KeyNotFoundException(name);
            RefuseAttached(existing);
            var next = _overlay.Without(existing.Name, isConfigured: Configured(name) is not null);

            // First out, then kept: a crash in between has it started again, and none runs on that nobody looks after.
            using var pending = file.Prepare(next);
            var change = await ApplyAsync(Check(next));
            RefuseFailure(change, existing.Name);
            _overlay = next;
            pending.Commit();
            LogDeleted(existing.Name);
            return change.Stops.FirstOrDefault(s => string.Equals(s.Name, existing.Name, StringComparison.OrdinalIgnoreCase));
        },
        cancellationToken);

    /// <summary>Forgets what was said over the interface about a daemon, so that the configuration's word holds again.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting for another change; one that has begun is carried out.</param>
    /// <exception cref="KeyNotFoundException">Neither the configuration nor the interface knows it.</exception>
    /// <exception cref="FleetConflictException">The configuration does not have it, or it does not go together with the other daemons.</exception>
    /// <exception cref="IOException">It could not be kept, so nothing was done.</exception>
    internal Task<bool> RevertAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            if (Configured(name) is not { } configured)
            {
                throw Effective(name) is { } added
                    ? new FleetConflictException($"'{added.Name}' was added over the interface and the configuration does not have it; DELETE takes it out")
                    : new KeyNotFoundException(name);
            }

            RefuseAttached(configured);
            if (!_overlay.Knows(name))
            {
                return false;
            }

            await KeepAndApplyAsync(_overlay.Revert(name), configured.Name);
            LogReverted(configured.Name);
            return true;
        },
        cancellationToken);

    /// <summary>What a daemon is made of, or <see langword="null"/> where the fleet has none of that name.</summary>
    /// <param name="name">Its name.</param>
    internal SourcedDefinition? Find(string name) => Effective(name) is { } spec
        ? SourcedDefinition.Of(spec, spec.Launch == LaunchMode.Supervisor && _overlay.Definition(name) is not null ? DefinitionSource.Interface : DefinitionSource.Configuration)
        : null;

    /// <summary>Takes a new configuration over; what was said over the interface stays.</summary>
    /// <param name="next">The configuration.</param>
    /// <param name="cancellationToken">Gives up waiting for another change; one that has begun is carried out.</param>
    /// <exception cref="ConfigurationException">It does not go together with what was said over the interface.</exception>
    internal Task<FleetChange> ReconfigureAsync(FleetConfiguration next, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            var specs = _overlay.Over(next, out var errors);
            if (errors.Count > 0 || OwnPort(specs) is not null)
            {
                throw new ConfigurationException(string.Join("; ", OwnPort(specs) is { } own ? errors.Append(own) : errors));
            }

            var change = await ApplyAsync(specs, FleetOptions.From(next.Monitors, settings.StateDirectory));
            if (change.Errors.Count == 0)
            {
                _configuration = next;
                if (!change.IsEmpty)
                {
                    TellOverlay();
                }
            }

            return change;
        },
        cancellationToken);

    /// <summary>Says in the log what of the fleet is not as the configuration has it.</summary>
    internal void TellOverlay()
    {
        if (!_overlay.IsEmpty)
        {
            LogOverlay(file.FilePath, Names(_overlay.Daemons.Select(d => d.Name!)), Names(_overlay.Removed));
        }

        if (_overlay.WithoutEffect(_configuration) is { Count: > 0 } names)
        {
            LogWithoutEffect(Names(names), file.FilePath);
        }

        static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
    }

    /// <summary>Why a fleet cannot be beside the supervisor's own interface, or <see langword="null"/>.</summary>
    internal static string? OwnPort(IReadOnlyList<DaemonSpec> specs, SupervisorSettings settings) =>
        specs.FirstOrDefault(s => settings.Addresses.Any(a => a.Port == s.Port)) is { } taken
            ? $"port {taken.Port} is that of the supervisor's interface and of a daemon ('{taken.Name}'); give one of them another"
            : null;

    private string? OwnPort(IReadOnlyList<DaemonSpec> specs) => OwnPort(specs, settings);

    private DaemonSpec? Effective(string name) => _overlay.Over(_configuration, out _).FirstOrDefault(s => IsNamed(s, name));

    private DaemonSpec? Configured(string name) => _configuration.Specs.FirstOrDefault(s => IsNamed(s, name));

    private static bool IsNamed(DaemonSpec spec, string name) => string.Equals(spec.Name, name, StringComparison.OrdinalIgnoreCase);

    private static void RefuseAttached(DaemonSpec? spec)
    {
        if (spec is { Launch: LaunchMode.Attached })
        {
            throw new FleetConflictException($"'{spec.Name}' is launched by somebody else, and this supervisor is attached to it: it is changed where it is declared (the AppHost)");
        }
    }

    private static void RefuseFailure(FleetChange change, string name)
    {
        var why = change.Errors.Concat(change.Failures.Where(f => f.Contains($"'{name}'", StringComparison.OrdinalIgnoreCase))).ToList();
        if (why.Count > 0)
        {
            throw new FleetConflictException($"nothing was changed: {string.Join("; ", why)}");
        }
    }

    private IReadOnlyList<DaemonSpec> Check(FleetOverlay next)
    {
        var specs = next.Over(_configuration, out var errors);
        return errors.Count > 0 ? throw new FleetConflictException(string.Join("; ", errors))
            : OwnPort(specs) is { } own ? throw new FleetConflictException(own)
            : specs;
    }

    private async Task KeepAndApplyAsync(FleetOverlay next, string name)
    {
        var specs = Check(next);

        // First kept, then done: after a crash in between the next supervisor does it.
        file.Write(next);
        try
        {
            RefuseFailure(await ApplyAsync(specs), name);
            _overlay = next;
        }
        catch
        {
            TakeBack(name);
            throw;
        }
    }

    private void TakeBack(string name)
    {
        try
        {
            file.Write(_overlay);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotTakenBack(name, file.FilePath, e.Message);
        }
    }

    private Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options = null)
        => control.ApplyAsync([.. specs.Select(environment.Complete)], options, CancellationToken.None);

    private async Task<T> ChangeAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _changing.Release();
        }
    }

    [LoggerMessage(40, LogLevel.Information, "Daemon {Daemon} was {What} over the interface")]
    private partial void LogPut(string what, string daemon);

    [LoggerMessage(41, LogLevel.Information, "Daemon {Daemon} was taken out over the interface")]
    private partial void LogDeleted(string daemon);

    [LoggerMessage(42, LogLevel.Information, "Daemon {Daemon} is as the configuration has it again")]
    private partial void LogReverted(string daemon);

    [LoggerMessage(43, LogLevel.Information, "Over the configuration, from {File}: added or changed: {Daemons}; taken out: {Removed}")]
    private partial void LogOverlay(string file, string daemons, string removed);

    [LoggerMessage(44, LogLevel.Warning, "What {File} says about {Daemons} does not hold: somebody else launches them")]
    private partial void LogWithoutEffect(string daemons, string file);

    [LoggerMessage(45, LogLevel.Error, "The change of {Daemon} failed, and {File} still has it: {Problem}")]
    private partial void LogNotTakenBack(string daemon, string file, string problem);
}
