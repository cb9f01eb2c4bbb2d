using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The definitions of the fleet's daemons, and all changes to them, one after the other. A change is validated as a whole, saved
/// and applied. A change that fails leaves everything as it was. A cancellation ends only the wait for an earlier change.</summary>
internal sealed partial class FleetDefinition(
    ResolvedFleet fleet,
    OverlayFile file,
    IFleetControl control,
    DaemonEnvironment environment,
    SupervisorSettings settings,
    ILogger<FleetDefinition> logger) : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private volatile ResolvedFleet _fleet = fleet;

    public void Dispose() => _changing.Dispose();

    /// <summary>Adds a daemon, or replaces a definition, which may leave out the name. Returns whether the daemon is new.</summary>
    /// <exception cref="IOException">The change could not be saved, so nothing was done.</exception>
    internal Task<bool> PutAsync(string name, DaemonDefinition definition, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            var existing = _fleet.Find(name);
            var configured = _fleet.FindConfigured(name);
            RefuseAttached(existing ?? configured);
            if (definition.Name is { } given && !string.Equals(given, name, StringComparison.OrdinalIgnoreCase))
            {
                throw new DefinitionException("name", $"'{given}' is not '{name}', the name in the URL");
            }

            definition.Name = existing?.Name ?? configured?.Name ?? name;
            var problems = DefinitionCheck.Problems(definition, _fleet.Configuration.Monitors).GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Select(p => p.Message).ToArray());
            if (problems.Count > 0)
            {
                throw new DefinitionException(problems);
            }

            await SaveAndApplyAsync(_fleet.Overlay.With(definition), definition.Name);
            LogPut(existing is null ? "added" : "changed", definition.Name);
            return existing is null;
        },
        cancellationToken);

    /// <summary>Stops a daemon and removes it from the fleet. Returns <see langword="null"/> if there was nothing to stop.</summary>
    /// <exception cref="IOException">The change could not be saved.</exception>
    internal Task<StopReport?> DeleteAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            var existing = _fleet.Find(name) ?? throw new KeyNotFoundException(name);
            RefuseAttached(existing);
            var next = Resolve(_fleet.Overlay.Without(existing.Name, isConfigured: _fleet.FindConfigured(name) is not null));

            // Stopped first, saved after that. A crash in between starts it again; the other order could leave it running unsupervised.
            using var pending = file.Prepare(next.Overlay);
            var change = await ApplyAsync(next);
            RefuseFailure(change, existing.Name);
            _fleet = next;
            pending.Commit();
            LogDeleted(existing.Name);
            return change.Stops.FirstOrDefault(s => string.Equals(s.Name, existing.Name, StringComparison.OrdinalIgnoreCase));
        },
        cancellationToken);

    /// <summary>Discards what the REST API changed, so that the configuration applies again. Returns whether there was a change.</summary>
    /// <exception cref="FleetConflictException">The configuration does not have it, or it conflicts with another daemon.</exception>
    /// <exception cref="IOException">The change could not be saved, so nothing was done.</exception>
    internal Task<bool> RevertAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            if (_fleet.FindConfigured(name) is not { } configured)
            {
                throw _fleet.Find(name) is { } added
                    ? new FleetConflictException($"'{added.Name}' was added over the REST API and is not in the configuration; DELETE removes it")
                    : new KeyNotFoundException(name);
            }

            RefuseAttached(configured);
            if (!_fleet.Overlay.Knows(name))
            {
                return false;
            }

            await SaveAndApplyAsync(_fleet.Overlay.Revert(name), configured.Name);
            LogReverted(configured.Name);
            return true;
        },
        cancellationToken);

    /// <summary>The definition of a daemon, or <see langword="null"/> if the fleet has no daemon of that name.</summary>
    internal SourcedDefinition? Find(string name)
    {
        var current = _fleet;
        return current.Find(name) is not { } spec ? null : new SourcedDefinition(
            spec.Launch == LaunchMode.Supervisor && current.Overlay.Definition(name) is not null ? DefinitionSource.RestApi : DefinitionSource.Configuration,
            DefinitionMapper.ToDefinition(spec));
    }

    /// <summary>Applies a new configuration. The changes that were made over the REST API remain.</summary>
    /// <exception cref="ConfigurationException">It conflicts with the changes that were made over the REST API.</exception>
    internal Task<FleetChange> ReconfigureAsync(FleetConfiguration next, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            var resolved = ResolvedFleet.Of(next, _fleet.Overlay, settings, out var errors);
            if (errors.Count > 0)
            {
                throw new ConfigurationException(string.Join("; ", errors));
            }

            var change = await ApplyAsync(resolved, FleetOptions.From(next.Monitors, settings.StateDirectory));
            if (change.Errors.Count == 0)
            {
                _fleet = resolved;
                if (!change.IsEmpty)
                {
                    LogChangesToConfiguration();
                }
            }

            return change;
        },
        cancellationToken);

    /// <summary>Writes to the log which daemons differ from the configuration.</summary>
    internal void LogChangesToConfiguration()
    {
        var (configuration, overlay, _) = _fleet;
        if (!overlay.IsEmpty)
        {
            LogOverlay(file.FilePath, Names(overlay.Daemons.Select(d => d.Name!)), Names(overlay.Removed));
        }

        if (overlay.WithoutEffect(configuration) is { Count: > 0 } names)
        {
            LogWithoutEffect(Names(names), file.FilePath);
        }

        static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
    }

    private static void RefuseAttached(DaemonSpec? spec)
    {
        if (spec is { Launch: LaunchMode.Attached })
        {
            throw new FleetConflictException($"'{spec.Name}' is launched by another program (the AppHost); change it there");
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

    private static async Task RefuseRolledBackAsync(Task<StartupReport> trial)
    {
        StartupReport report;
        try
        {
            report = await trial;
        }
        catch (FleetConflictException)
        {
            // The daemon was stopped, or the supervisor ends, before the new definition had its verdict. It stays.
            return;
        }

        if (report.Rollback is { } old)
        {
            var outcome = old.Serves ? $"verified as PID {old.Pid}" : $"which failed as well: {old.Detail}";
            throw new FleetConflictException($"nothing was changed: {report.Detail}, {outcome}");
        }
    }

    private ResolvedFleet Resolve(FleetOverlay overlay)
    {
        var next = ResolvedFleet.Of(_fleet.Configuration, overlay, settings, out var errors);
        return errors.Count > 0 ? throw new FleetConflictException(string.Join("; ", errors)) : next;
    }

    private async Task SaveAndApplyAsync(FleetOverlay overlay, string name)
    {
        var next = Resolve(overlay);

        // Saved first, applied after that: if this supervisor crashes in between, the next one applies the change.
        file.Write(overlay);
        try
        {
            var change = await ApplyAsync(next);
            RefuseFailure(change, name);
            foreach (var trial in change.Trials)
            {
                await RefuseRolledBackAsync(trial);
            }

            _fleet = next;
        }
        catch
        {
            try
            {
                file.Write(_fleet.Overlay);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotUndone(name, file.FilePath, e.Message);
            }

            throw;
        }
    }

    private Task<FleetChange> ApplyAsync(ResolvedFleet next, FleetOptions? options = null)
        => control.ApplyAsync([.. next.Specs.Select(environment.Complete)], options, CancellationToken.None);

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

    [LoggerMessage(40, LogLevel.Information, "Daemon {Daemon} was {Change} over the REST API")]
    private partial void LogPut(string change, string daemon);

    [LoggerMessage(41, LogLevel.Information, "Daemon {Daemon} was removed over the REST API")]
    private partial void LogDeleted(string daemon);

    [LoggerMessage(42, LogLevel.Information, "Daemon {Daemon} was reverted to the configuration")]
    private partial void LogReverted(string daemon);

    [LoggerMessage(43, LogLevel.Information, "Changes to the configuration from {File}: added or changed: {Daemons}; removed: {Removed}")]
    private partial void LogOverlay(string file, string daemons, string removed);

    [LoggerMessage(44, LogLevel.Warning, "The changes to {Daemons} in {File} have no effect: another program launches these daemons")]
    private partial void LogWithoutEffect(string daemons, string file);

    [LoggerMessage(45, LogLevel.Error, "The change of {Daemon} failed, but it is still in {File}: {Problem}")]
    private partial void LogNotUndone(string daemon, string file, string problem);
}
