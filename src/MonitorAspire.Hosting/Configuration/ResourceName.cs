namespace MonitorAspire.Hosting.Configuration;

/// <summary>Turns the names of daemons into names of Aspire resources, which can have letters, digits and hyphens only.</summary>
internal static class ResourceName
{
    /// <summary>The resource's name.</summary>
    /// <param name="daemonName">The daemon's name.</param>
    internal static string For(string daemonName)
    {
        var name = daemonName.Replace('.', '-').Replace('_', '-');

        // The name of a resource starts with a letter.
        return char.IsAsciiLetter(name[0]) ? name : $"monitor-{name}";
    }
}
