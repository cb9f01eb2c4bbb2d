using System.Reflection;

namespace MonitorAspire.ServiceDefaults;

/// <summary>The version of MonitorAspire. All its programs are built together and have the same one.</summary>
public static class ProductVersion
{
    /// <summary>The version, as in <c>0.1.0</c>.</summary>
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
