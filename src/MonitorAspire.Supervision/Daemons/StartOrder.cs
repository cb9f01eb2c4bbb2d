namespace MonitorAspire.Supervision.Daemons;

/// <summary>The order that the dependencies of a fleet's daemons give.</summary>
internal static class StartOrder
{
    /// <summary>What is wrong with the dependencies: the index of the daemon in the list, and a sentence. A cycle is named once.</summary>
    public static IReadOnlyList<(int Index, string Message)> Problems(IReadOnlyList<DaemonSpec> specs)
    {
        var found = new List<(int, string)>();
        var named = ByName(specs);
        for (var i = 0; i < specs.Count; i++)
        {
            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var dependency in specs[i].DependsOn)
            {
                if (!named.ContainsKey(dependency.Name))
                {
                    var near = Nearest.To(dependency.Name, named.Keys) is { } name ? $"; did you mean '{name}'?" : "";
                    found.Add((i, $"there is no daemon '{FleetTopology.Shown(dependency.Name)}' in this fleet{near}"));
                }
                else if (!names.Add(dependency.Name))
                {
                    found.Add((i, $"'{FleetTopology.Shown(dependency.Name)}' is named twice"));
                }
            }
        }

        // Names of daemons on the way from the first one, and those that lead to no cycle.
        var way = new List<string>();
        var done = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < specs.Count; i++)
        {
            Follow(specs[i], i);
        }

        return found;

        void Follow(DaemonSpec spec, int first)
        {
            var begin = way.FindIndex(name => string.Equals(name, spec.Name, StringComparison.OrdinalIgnoreCase));
            if (begin >= 0)
            {
                found.Add((first, $"the daemons wait for each other in a circle: {string.Join(" -> ", way.Skip(begin).Append(spec.Name))}"));
                return;
            }

            if (done.Contains(spec.Name))
            {
                return;
            }

            way.Add(spec.Name);
            foreach (var dependency in spec.DependsOn)
            {
                if (named.TryGetValue(dependency.Name, out var next))
                {
                    Follow(next, first);
                }
            }

            way.RemoveAt(way.Count - 1);
            done.Add(spec.Name);
        }
    }

    /// <summary>The names of all daemons that one depends on, also through others: those that come first are named first.</summary>
    public static IReadOnlyList<string> AllNeededBy(DaemonSpec spec, IReadOnlyList<DaemonSpec> specs)
    {
        var named = ByName(specs);
        var found = new List<string>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { spec.Name };
        Add(spec);
        return found;

        void Add(DaemonSpec one)
        {
            foreach (var dependency in one.DependsOn)
            {
                if (named.TryGetValue(dependency.Name, out var next) && seen.Add(next.Name))
                {
                    Add(next);
                    found.Add(next.Name);
                }
            }
        }
    }

    /// <summary>How many daemons wait for each other at most, one after the other; 1 without dependencies.</summary>
    public static int Depth(IReadOnlyList<DaemonSpec> specs)
    {
        var named = ByName(specs);
        var depths = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        return specs.Count == 0 ? 1 : specs.Max(Of);

        int Of(DaemonSpec spec)
        {
            if (!depths.TryGetValue(spec.Name, out var depth))
            {
                // The order has no cycles.
                depth = 1 + spec.DependsOn.Select(d => named.TryGetValue(d.Name, out var next) ? Of(next) : 0).DefaultIfEmpty(0).Max();
                depths[spec.Name] = depth;
            }

            return depth;
        }
    }

    /// <summary>
    /// Runs an action for each item, at once where the order allows it: one that others need comes after those. An item that is not in the list
    /// is not waited for.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="nameOf">The name of an item.</param>
    /// <param name="needs">The names of the items that an item needs.</param>
    /// <param name="action">The action.</param>
    public static async Task<TResult[]> InReverseAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, string> nameOf, Func<T, IEnumerable<string>> needs, Func<T, Task<TResult>> action)
    {
        var named = Enumerable.Range(0, items.Count).ToDictionary(i => nameOf(items[i]), StringComparer.OrdinalIgnoreCase);
        var needed = items.Select(item => needs(item).Distinct(StringComparer.OrdinalIgnoreCase).Where(named.ContainsKey).Select(name => named[name]).ToList()).ToList();
        var results = new TResult[items.Count];
        var left = new int[items.Count];
        needed.ForEach(indices => indices.ForEach(index => left[index]++));

        // No task is awaited twice: of several who wait for one task, only the first goes on at once.
        await Task.WhenAll(Enumerable.Range(0, items.Count).Where(index => left[index] == 0).ToList().Select(RunAsync)).ConfigureAwait(false);
        return results;

        async Task RunAsync(int index)
        {
            try
            {
                results[index] = await action(items[index]).ConfigureAwait(false);
            }
            finally
            {
                // An action that fails holds up no other.
                await Task.WhenAll(needed[index].Where(next => Interlocked.Decrement(ref left[next]) == 0).Select(RunAsync)).ConfigureAwait(false);
            }
        }
    }

    private static Dictionary<string, DaemonSpec> ByName(IReadOnlyList<DaemonSpec> specs) =>
        specs.DistinctBy(s => s.Name, StringComparer.OrdinalIgnoreCase).ToDictionary(s => s.Name, StringComparer.OrdinalIgnoreCase);
}
