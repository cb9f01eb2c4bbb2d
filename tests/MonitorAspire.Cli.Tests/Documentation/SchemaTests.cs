using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>The schema of a configuration is that of the types, with their documentation.</summary>
public sealed partial class SchemaTests : IAsyncDisposable
{
    private const string SchemaPath = "docs/monitors.schema.json";

    private readonly CliFixture _cli = new();

    public static TheoryData<string> Samples => [.. Directory.GetFiles(Repository.PathOf("samples"), "*.json").Select(path => Path.GetRelativePath(Repository.Root, path))];

    public ValueTask DisposeAsync() => _cli.DisposeAsync();

    [Fact]
    public void Schema_InTheRepository_IsThatOfTheTypes()
    {
        var expected = Generate();
        if (Environment.GetEnvironmentVariable("MONITOR_WRITE_SCHEMA") == "1")
        {
            File.WriteAllText(Repository.PathOf(SchemaPath), expected);
        }

        Assert.True(expected == File.ReadAllText(Repository.PathOf(SchemaPath)), $"{SchemaPath} differs from the types; run this test with MONITOR_WRITE_SCHEMA=1 to write it");
    }

    [Fact]
    public async Task Schema_Printed_IsThatOfTheRepository()
    {
        var printed = await _cli.RunAsync("schema");

        Assert.Equal((0, File.ReadAllText(Repository.PathOf(SchemaPath)).TrimEnd()), (printed.ExitCode, printed.Out));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Sample_Checked_IsRightForSchemaAndSupervisor(string path)
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Repository.PathOf(path)));
        Assert.Empty(Problems(sample.RootElement, JsonNode.Parse(Generate())!.AsObject(), "$"));

        var check = await _cli.RunAsync("check", Repository.PathOf(path));

        // What this directory lacks for a start is on standard error: the samples name their programs from the root of the repository.
        Assert.Equal(0, check.ExitCode);
        Assert.Contains(" is right. Daemons: ", check.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_WrongConfiguration_SaysWhatIsWrong()
    {
        using var wrong = JsonDocument.Parse("""{"$schema":"x","Monitors":{"Daemons":[{"Port":"no","Health":{"Kind":"Ftp"},"Prot":1,"DependsOn":[{"Name":"a","Condition":"Verified"}]}],"StartTimeout":"soon"}}""");

        Assert.Equal(
            ["$.Monitors.Daemons.0.Port: String", "$.Monitors.Daemons.0.Health.Kind: not in the list", "$.Monitors.Daemons.0.Prot: not a key", "$.Monitors.StartTimeout: not of the pattern"],
            Problems(wrong.RootElement, JsonNode.Parse(Generate())!.AsObject(), "$"));
    }

    private static string Generate()
    {
        // As people write a configuration: keys in the case of the types, numbers as numbers.
        var options = new JsonSerializerOptions(DefinitionJson.Default.Options) { PropertyNamingPolicy = null, NumberHandling = JsonNumberHandling.Strict };
        var documentation = XDocument.Load(Path.ChangeExtension(typeof(MonitorsOptions).Assembly.Location, "xml"))
            .Descendants("member").Where(m => m.Attribute("name")!.Value.StartsWith($"P:{typeof(MonitorsOptions).Namespace}.", StringComparison.Ordinal)).ToDictionary(m => m.Attribute("name")!.Value, m => TextOf(m.Element("summary")));
        var monitors = options.GetJsonSchemaAsNode(typeof(MonitorsOptions), new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) =>
            {
                if (schema is JsonObject node && context.PropertyInfo is { } property
                    && documentation.GetValueOrDefault($"P:{property.DeclaringType.FullName}.{property.Name}") is { } text)
                {
                    node.Insert(0, "description", text);
                }

                return schema;
            },
        });
        var root = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "A fleet of MonitorAspire",
            ["type"] = "object",
            ["properties"] = new JsonObject { [MonitorsOptions.Section] = monitors },
            ["required"] = new JsonArray(MonitorsOptions.Section),
        };
        return root.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }) + "\n";
    }

    private static string TextOf(XElement? summary) => summary is null ? "" : Spaces().Replace(
        string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "see" } see when (see.Attribute("cref") ?? see.Attribute("langword")) is { } name => name.Value.Split('(')[0].Split('.')[^1].Split(':')[^1],
            XElement element => element.Value,
            _ => node.ToString(),
        })),
        " ").Trim();

    /// <summary>What a schema says against a value. Only what this schema uses is known here.</summary>
    private static IEnumerable<string> Problems(JsonElement value, JsonObject schema, string path)
    {
        Assert.DoesNotContain("$ref", schema.Select(s => s.Key));
        if (schema["enum"] is JsonArray names)
        {
            return names.Any(n => n?.GetValue<string>() == value.GetString()) ? [] : [$"{path}: not in the list"];
        }

        var types = schema["type"] switch { JsonArray several => several.Select(t => t!.GetValue<string>()), { } one => [one.GetValue<string>()], _ => [] };
        var type = value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number when value.TryGetInt64(out _) && types.Contains("integer") => "integer",
            var kind => kind.ToString().ToLowerInvariant(),
        };
        if (!types.Contains(type))
        {
            return [$"{path}: {value.ValueKind}"];
        }

        return value.ValueKind switch
        {
            JsonValueKind.String when schema["pattern"] is { } pattern && !Regex.IsMatch(value.GetString()!, pattern.GetValue<string>()) => [$"{path}: not of the pattern"],
            JsonValueKind.Array => value.EnumerateArray().SelectMany((item, i) => Problems(item, schema["items"]!.AsObject(), $"{path}.{i}")),
            JsonValueKind.Object => value.EnumerateObject().SelectMany(property => schema["properties"]?[property.Name] is JsonObject known ? Problems(property.Value, known, $"{path}.{property.Name}")
                : schema["additionalProperties"] switch
                {
                    JsonObject any => Problems(property.Value, any, $"{path}.{property.Name}"),
                    JsonValue => [$"{path}.{property.Name}: not a key"],
                    _ => [],
                }),
            _ => [],
        };
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
