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

    private ILookup<string, string>? _children;

    /// <summary>The values of a wrong shape, each with its key and a sentence.</summary>
    internal IReadOnlyList<(string Key, string Problem)> WrongShapes { get; private set; } = [];

    /// <summary>The keys below a key. The framework looks through the whole file for each key, which takes the square of the size of a fleet.</summary>
    public override IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath)
    {
        var children = _children ??= ChildrenIn(Data.Keys);
        return [.. children[parentPath ?? ""].Concat(earlierKeys).Order(ConfigurationKeyComparer.Instance)];
    }

    public override void Set(string key, string? value)
    {
        base.Set(key, value);
        _children = null;
    }

    public override void Load(Stream stream)
    {
        _children = null;
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        WrongShapes = [];

        // This throws if the text is not JSON, or not an object.
        base.Load(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        using var document = JsonDocument.Parse(text, Lenient);
        WrongShapes = [.. document.RootElement.EnumerateObject()
            .Where(p => p.Name.Equals(MonitorsOptions.Section, StringComparison.OrdinalIgnoreCase))
            .SelectMany(p => JsonShape.Problems(p.Value, MonitorsOptions.Section, SettingSchema.Monitors))];
    }

    private static ILookup<string, string> ChildrenIn(IEnumerable<string> keys)
    {
        var found = new List<(string Parent, string Child)>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var key in keys)
        {
            // What is above a key that was seen was seen as well.
            for (var end = key.Length; end > 0 && seen.Add(key[..end]);)
            {
                var colon = key.LastIndexOf(':', end - 1);
                found.Add((colon < 0 ? "" : key[..colon], key[(colon + 1)..end]));
                end = colon;
            }
        }

        return found.ToLookup(f => f.Parent, f => f.Child, StringComparer.OrdinalIgnoreCase);
    }
}
