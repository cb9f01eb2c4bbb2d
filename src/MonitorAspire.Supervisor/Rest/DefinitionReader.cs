using System.Text.Json;
using System.Text.Unicode;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>Reads a definition from the body of a request. Errors name the key and the value.</summary>
internal static class DefinitionReader
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="BadHttpRequestException">The body is not JSON, or too large.</exception>
    /// <exception cref="DefinitionException">The body is JSON, but not a definition.</exception>
    internal static async Task<DaemonDefinition> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new BadHttpRequestException("The body must be JSON, with the content type application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        using var document = Parse(await BodyAsync(request, cancellationToken));
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new BadHttpRequestException("The body must be one JSON object, as in {\"port\": 9000}.", StatusCodes.Status400BadRequest);
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

    // The server limits the size of a body.
    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var stream = new MemoryStream();
        await request.Body.CopyToAsync(stream, cancellationToken);
        var body = stream.GetBuffer().AsMemory(0, (int)stream.Length);

        // The parser does not look into strings, so invalid bytes would be found only when a string is read.
        return Utf8.IsValid(body.Span)
            ? body.Span.StartsWith("\uFEFF"u8) ? body["\uFEFF"u8.Length..] : body
            : throw new BadHttpRequestException("The body is not valid UTF-8.", StatusCodes.Status400BadRequest);
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, Strict);
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException($"The body is {JsonProblem.Syntax(e)}.", StatusCodes.Status400BadRequest);
        }
        catch (InvalidOperationException)
        {
            throw new BadHttpRequestException("The body has a property name with half a surrogate pair.", StatusCodes.Status400BadRequest);
        }
    }
}
