using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Reads a daemon out of a request, and says of a bad one which key and which value it is.</summary>
internal static class DefinitionReader
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="BadHttpRequestException">It is no JSON, or too large.</exception>
    /// <exception cref="DefinitionException">It is JSON, but no daemon.</exception>
    internal static async Task<DaemonDefinition> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new BadHttpRequestException("The body is to be JSON, with the content type application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        using var document = await ParseAsync(request.Body, cancellationToken);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new BadHttpRequestException("The body is to be one JSON object, as in {\"port\": 9000}.", StatusCodes.Status400BadRequest);
        }

        try
        {
            return document.Deserialize(DefinitionJson.Default.DaemonDefinition)!;
        }
        catch (JsonException e)
        {
            var (key, message) = JsonProblem.Meaning(document.RootElement, e);
            throw new DefinitionException(key, message);
        }
    }

    private static async Task<JsonDocument> ParseAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonDocument.ParseAsync(body, Strict, cancellationToken);
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException($"The body is {JsonProblem.Syntax(e)}.", StatusCodes.Status400BadRequest);
        }
    }
}
