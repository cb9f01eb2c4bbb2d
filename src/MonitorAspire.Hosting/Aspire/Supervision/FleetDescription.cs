using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>
/// Tells the supervisor in its environment what it looks after. Where the daemons are it learns by service discovery: their ports may
/// be Aspire's to choose, and are known only when the application starts.
/// </summary>
internal static class FleetDescription
{
    // What the AppHost makes daemons of is not what its supervisor makes them of.
    private static readonly string[] OfTheAppHost = ["Daemons", "Count", "BasePort", "StateDirectory", "Host"];

    internal static void Write(
        Dictionary<string, object> environment, IReadOnlyList<SupervisedResource> resources, MonitorsOptions options, string stateDirectory, IConfiguration configuration)
    {
        var section = configuration.GetSection(MonitorsOptions.Section);
        foreach (var (key, value) in section.AsEnumerable(makePathsRelative: true))
        {
            if (value is not null && !OfTheAppHost.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase))
            {
                Set(key.Replace(":", "__", StringComparison.Ordinal), value);
            }
        }

        // These may have been changed in code.
        Set("StateDirectory", stateDirectory);
        Set("StartTimeout", Text(options.StartTimeout));
        Set("StopGracePeriod", Text(options.StopGracePeriod));
        SetPolicy("Restart", options.Restart);
        if (resources.Count == 0)
        {
            // Not the default fleet.
            Set("Daemons", "");
        }

        for (var i = 0; i < resources.Count; i++)
        {
            var supervised = resources[i];
            var daemon = $"Daemons__{i.ToString(CultureInfo.InvariantCulture)}";
            var name = supervised.Resource.Name;
            Set($"{daemon}__Name", supervised.Name);
            Set($"{daemon}__HealthPath", supervised.Annotation.Options.HealthPath);
            Set($"{daemon}__Launch", nameof(LaunchMode.Attached));
            Set($"{daemon}__PidFileWriter", supervised.Annotation.PidFileWriter.ToString());
            Set($"{daemon}__Service", $"http://_{supervised.Endpoint.Name}.{name}");
            environment[$"services__{name}__{supervised.Endpoint.Name}__0"] = new EndpointReference(supervised.Resource, supervised.Endpoint);
            if (supervised.KeepsProxy)
            {
                // The address in service discovery is the proxy's.
                Set($"{daemon}__Port", supervised.Endpoint.TargetPort!.Value.ToString(CultureInfo.InvariantCulture));
            }

            if (supervised.Annotation.Options.Restart is { } policy)
            {
                SetPolicy($"{daemon}__Restart", policy);
            }
        }

        void SetPolicy(string prefix, RestartPolicy policy)
        {
            Set($"{prefix}__Mode", policy.Mode.ToString());
            Set($"{prefix}__InitialDelay", Text(policy.InitialDelay));
            Set($"{prefix}__Factor", policy.Factor.ToString("R", CultureInfo.InvariantCulture));
            Set($"{prefix}__MaxDelay", Text(policy.MaxDelay));
            Set($"{prefix}__Jitter", policy.Jitter.ToString("R", CultureInfo.InvariantCulture));
            Set($"{prefix}__ResetAfter", Text(policy.ResetAfter));
            Set($"{prefix}__Budget", policy.Budget.ToString(CultureInfo.InvariantCulture));
            Set($"{prefix}__BudgetWindow", Text(policy.BudgetWindow));
        }

        void Set(string key, string value) => environment[$"{MonitorsOptions.Section}__{key}"] = value;
    }

    private static string Text(TimeSpan time) => time.ToString("c", CultureInfo.InvariantCulture);
}
