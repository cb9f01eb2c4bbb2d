using System.Runtime.CompilerServices;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>
/// The resources as a stream: all of them, then what changes. An event of the fleet says that it is time to look, never what there
/// is to be seen: so nothing is lost however fast events come, and a slow reader simply sees fewer steps.
/// </summary>
internal sealed class ResourceFeed(IFleet fleet, ResourceCatalog catalog, TimeProvider time)
{
    // Checks are made each second and cause no event while they stay good.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // That a check was made again and is still good need not redraw a page each second.
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    /// <summary>First the initial data, then the changes, for ever.</summary>
    /// <param name="cancellationToken">Ends it with an exception.</param>
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
                known[resource.Name] = new Shown(resource, Essence(resource), time.GetTimestamp());
            }

            yield return new WatchResourcesUpdate { InitialData = initial };
            while (true)
            {
                await signal.WaitAsync(LookInterval, cancellationToken);
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

                // The fleet ends a reader that is too slow. What it missed is seen at the next look.
                await Task.Delay(LookInterval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nobody watches any more.
        }
    }

    private WatchResourcesChanges Changes(Dictionary<string, Shown> known)
    {
        var changes = new WatchResourcesChanges();
        var current = catalog.Current();
        foreach (var resource in current)
        {
            var essence = Essence(resource);
            if (known.TryGetValue(resource.Name, out var shown)
                && (shown.Resource.Equals(resource) || (shown.Essence.Equals(essence) && time.GetElapsedTime(shown.At) < RefreshInterval)))
            {
                continue;
            }

            known[resource.Name] = new Shown(resource, essence, time.GetTimestamp());
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

    /// <summary>A resource without what changes all the time and means nothing: when and with what words a good check was good.</summary>
    private static Resource Essence(Resource resource)
    {
        var essence = resource.Clone();
        foreach (var report in essence.HealthReports)
        {
            report.LastRunAt = null;
            if (report.HasStatus && report.Status == HealthStatus.Healthy)
            {
                report.Description = "";
            }
        }

        return essence;
    }

    private sealed record Shown(Resource Resource, Resource Essence, long At);
}
