using Aspire.Hosting;

namespace MonitorAspire.Hosting.Tests;

/// <summary>A project that is never started. Its folder need not exist.</summary>
internal sealed class SomeProject : IProjectMetadata
{
    public string ProjectPath => Path.Combine(AppContext.BaseDirectory, "some", "some.csproj");

    public LaunchSettings LaunchSettings => new();
}
