namespace MonitorAspire.Hosting;

/// <summary>Names of daemons as names of Aspire resources, which know letters, digits and hyphens only.</summary>
internal static class ResourceName
{
    /// <summary>The resource's name.</summary>
    /// <param name="daemonName">The daemon's name.</param>
    internal static string For(string daemonName)
    {
        var name = daemonName.Replace('.', '-').Replace('_', '-');

        // A daemon may be called 8768, a resource may not.
        return char.IsAsciiLetter(name[0]) ? name : $"monitor-{name}";
    }
}
