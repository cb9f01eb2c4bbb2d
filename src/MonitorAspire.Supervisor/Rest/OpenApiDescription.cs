using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using MonitorAspire.Supervisor.Security;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>The OpenAPI document beyond what the endpoints say themselves.</summary>
internal static class OpenApiDescription
{
    private const string Bearer = "bearer";

    internal static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "MonitorAspire supervisor";
            document.Info.Version = ProductVersion.Text;
            document.Info.Description =
                "Starts, verifies and watches a fleet of daemons. Looking is free on the loopback; what changes something needs the token in `supervisor.token` in the state directory. Errors are problem details (RFC 9457).";
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "The content of supervisor.token in the state directory.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            if (!HttpMethods.IsGet(context.Description.HttpMethod ?? HttpMethods.Get)
                || context.Description.ActionDescriptor.EndpointMetadata.OfType<NeedsToken>().Any())
            {
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            }

            return Task.CompletedTask;
        });
    }
}
