using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervisor.Security;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>The parts of the OpenAPI document that belong to no single endpoint.</summary>
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
                "Starts, verifies and watches a fleet of daemons. Requests that change something need the token in `supervisor-PORT.token` in the state directory. So do logs, diagnosis and definitions. Other GET requests need no token; without it text that may quote the output of a daemon is left out of the answer. Errors are problem details (RFC 9457).";
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "The content of supervisor-PORT.token in the state directory.",
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
