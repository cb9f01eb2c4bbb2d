using System.Runtime.CompilerServices;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The resources as a stream: first all of them, then the changed ones. An event of the fleet only starts a comparison with what
/// was sent before, so nothing is lost when events come fast, and a slow reader gets fewer steps.</summary>
internal sealed class ResourceFeed(IFleet fleet, ResourceCatalog catalog, TimeProvider time)
{
    // Checks are made each second and cause no event while they pass.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The time of the last passed check is refreshed this often, not each second.
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    /// <summary>First the initial data, then the changes until it is cancelled.</summary>
    internal async IAsyncEnumerable<WatchResourcesUpdate> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var signal = new SemaphoreSlim(0);
        var listening = ListenAsync(signal, ending.Token);
        try
        {
            var known = new Dictionary<string, Shown>(StringComparer.Ordinal);
            var initial = new InitialResourceData();
            foreach (var resource in catalog.Current())
            {
                initial.Resources.Add(resource);
                known[resource.Name] = new Shown(resource, Stable(resource), time.GetTimestamp());
            }

            yield return new WatchResourcesUpdate { InitialData = initial };
            while (true)
            {
                await signal.WaitAsync(Interval, cancellationToken);
                if (Changes(known) is { Value.Count: > 0 } changes)
                {
                    yield return new WatchResourcesUpdate { Changes = changes };
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await listening;
        }
    }

    private async Task ListenAsync(SemaphoreSlim signal, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await foreach (var _ in fleet.WatchAsync(afterId: null, cancellationToken))
                {
                    if (signal.CurrentCount == 0)
                    {
                        signal.Release();
                    }
                }

                // The fleet ends a reader that is too slow. The next comparison finds the changes it missed.
                await Task.Delay(Interval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The watch has ended.
        }
    }

    private WatchResourcesChanges Changes(Dictionary<string, Shown> known)
    {
        var changes = new WatchResourcesChanges();
        var current = catalog.Current();
        foreach (var resource in current)
        {
            var stable = Stable(resource);
            if (known.TryGetValue(resource.Name, out var shown)
                && (shown.Resource.Equals(resource) || (shown.Stable.Equals(stable) && time.GetElapsedTime(shown.At) < RefreshInterval)))
            {
                continue;
            }

            known[resource.Name] = new Shown(resource, stable, time.GetTimestamp());
            changes.Value.Add(new WatchResourcesChange { Upsert = resource });
        }

        foreach (var gone in known.Keys.Except(current.Select(r => r.Name), StringComparer.Ordinal).ToList())
        {
            changes.Value.Add(new WatchResourcesChange
            {
                Delete = new ResourceDeletion { ResourceName = gone, ResourceType = known[gone].Resource.ResourceType },
            });
            known.Remove(gone);
        }

        return changes;
    }

    /// <summary>A resource without what changes at each check: time and text of passed checks.</summary>
    private static Resource Stable(Resource resource)
    {
        var stable = resource.Clone();
        foreach (var report in stable.HealthReports)
        {
            report.LastRunAt = null;
            if (report.HasStatus && report.Status == HealthStatus.Healthy)
            {
                report.Description = "";
            }
        }

        return stable;
    }

    private sealed record Shown(Resource Resource, Resource Stable, long At);
}
