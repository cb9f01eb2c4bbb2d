using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>The file of <c>--config</c>. Only a regular file is opened, also when it is read again.</summary>
internal sealed class MonitorsFileSource : JsonConfigurationSource
{
    internal MonitorsFileSource(string path, bool reload)
    {
        (Path, ReloadOnChange) = (path, reload);
        ResolveFileProvider();
        FileProvider = new RegularFiles(FileProvider!);
    }

    public override IConfigurationProvider Build(IConfigurationBuilder builder) => new MonitorsFile(this);

    private sealed class RegularFiles(IFileProvider inner) : IFileProvider, IDisposable
    {
        public IFileInfo GetFileInfo(string subpath)
            => inner.GetFileInfo(subpath) is { PhysicalPath: { } path } file && RegularFile.WhyNot(path) is null ? file : new NotFoundFileInfo(subpath);

        public IDirectoryContents GetDirectoryContents(string subpath) => inner.GetDirectoryContents(subpath);

        public IChangeToken Watch(string filter) => inner.Watch(filter);

        public void Dispose() => (inner as IDisposable)?.Dispose();
    }
}

/// <summary>Reads the file, and finds what the keys and values of a configuration do not tell any more: whether a value was a list, an object or a text.</summary>
internal sealed class MonitorsFile(MonitorsFileSource source) : JsonConfigurationProvider(source)
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The values of a wrong shape, each with its key and a sentence.</summary>
    internal IReadOnlyList<(string Key, string Problem)> WrongShapes { get; private set; } = [];

    public override void Load(Stream stream)
    {
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        WrongShapes = [];

        // This throws if the text is not JSON, or not an object.
        base.Load(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        using var document = JsonDocument.Parse(text, Lenient);
        WrongShapes = [.. document.RootElement.EnumerateObject()
            .Where(p => p.Name.Equals(MonitorsOptions.Section, StringComparison.OrdinalIgnoreCase))
            .SelectMany(p => JsonShape.Problems(p.Value, MonitorsOptions.Section, DefinitionJson.Default.MonitorsOptions))];
    }
}
