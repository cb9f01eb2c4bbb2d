using System.Reflection;

namespace MonitorAspire.Supervisor;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    internal static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
