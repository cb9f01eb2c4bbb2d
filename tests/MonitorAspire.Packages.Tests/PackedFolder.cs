using System.Reflection;
using MonitorAspire.Testing;

namespace MonitorAspire.Packages.Tests;

/// <summary>The packages of this repository in a temporary folder, and a NuGet.config that a user could have: that folder beside the usual
/// sources. Our packages are restored into a folder of their own; those of others come from the usual one, where they are already.</summary>
public sealed class PackedFolder : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>A folder outside of the repository, so that none of its settings apply.</summary>
    public string this[string name] => _directory[name];

    public string Packages => _directory["packages"];

    public string Restored => _directory["restored"];

    public string ConfigFile => _directory["NuGet.config"];

    public async ValueTask InitializeAsync()
    {
        var configuration = typeof(PackedFolder).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        Directory.CreateDirectory(Packages);
        await Tool.DotNetAsync(
            Repository, "msbuild", Path.Combine("eng", "Packages.proj"), "-nologo", "-v:q", $"-p:Configuration={configuration}", "-p:NoBuild=true", $"-p:PackageOutputPath={Packages}");
        var others = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await File.WriteAllTextAsync(ConfigFile, $"""
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="{Restored}" />
              </config>
              <fallbackPackageFolders>
                <add key="others" value="{others}" />
              </fallbackPackageFolders>
              <packageSources>
                <add key="packed" value="{Packages}" />
              </packageSources>
            </configuration>
            """);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MonitorAspire.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not in the repository");
        }

        return directory.FullName;
    }
}
