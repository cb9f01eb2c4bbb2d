namespace MonitorAspire.Testing;

/// <summary>A directory for one test, which is removed afterwards.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Creates the directory.</summary>
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("monitor-aspire-test-").FullName;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>A path in it.</summary>
    /// <param name="name">File name.</param>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <inheritdoc />
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The test has removed it.
        }
    }
}
