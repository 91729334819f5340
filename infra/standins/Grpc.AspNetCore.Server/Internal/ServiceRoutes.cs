using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed record MappedMethod(IMethod Method, RoutePattern Pattern, IList<object> Metadata, RequestDelegate Handler);

// Which services are mapped: each gets one endpoint for its unknown methods, and the application one for unknown services.
internal sealed class ServiceRegistry
{
    public bool CatchesUnknownServices { get; set; }

    public HashSet<string> Services { get; } = new(StringComparer.Ordinal);
}

internal static class ServiceRoutes
{
    public static GrpcServiceEndpointConventionBuilder Map<TService>(
        IEndpointRouteBuilder builder, ServiceMethodProviderContext<TService> context) where TService : class
    {
        var registry = builder.ServiceProvider.GetRequiredService<ServiceRegistry>();
        var endpoints = context.Methods.ConvertAll(m => Map(builder, m, typeof(TService)));
        if (!registry.CatchesUnknownServices && !context.IgnoreUnknownServices)
        {
            registry.CatchesUnknownServices = true;
            endpoints.Add(MapUnknown(builder, "{unimplementedService}", "service"));
        }
        foreach (var service in context.Methods.Select(m => m.Method.ServiceName).Distinct())
            if (registry.Services.Add(service) && !context.IgnoreUnknownMethods) endpoints.Add(MapUnknown(builder, service, "method"));
        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder builder, MappedMethod method, Type service)
    {
        var endpoint = builder.Map(method.Pattern, method.Handler);
        endpoint.Add(e =>
        {
            e.DisplayName = $"gRPC - {method.Pattern.RawText}";
            e.Metadata.Add(new GrpcMethodMetadata(service, method.Method));
            foreach (var item in method.Metadata) e.Metadata.Add(item);
        });
        return endpoint;
    }

    private static IEndpointConventionBuilder MapUnknown(IEndpointRouteBuilder builder, string service, string what)
    {
        var status = new Status(StatusCode.Unimplemented, what == "service" ? "Service is unimplemented." : "Method is unimplemented.");
        var endpoint = builder.Map($"{service}/{{unimplementedMethod:{UnimplementedConstraint.Name}}}", http => Answer(http, status));
        endpoint.Add(e => e.DisplayName = $"gRPC - Unimplemented {what}");
        return endpoint;
    }

    private static Task Answer(HttpContext http, Status status)
    {
        if (Protocol.IsPreflight(http.Request))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        http.Response.ContentType = Protocol.ContentType;
        Protocol.SetStatus(http.Response.Headers, status);
        return Task.CompletedTask;
    }
}

// Only gRPC requests are answered "unimplemented"; anything else stays "not found".
internal sealed class UnimplementedConstraint : IRouteConstraint
{
    public const string Name = "grpcunimplemented";

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        httpContext?.Request is { } request &&
        (Protocol.IsPreflight(request) || HttpMethods.IsPost(request.Method) && Protocol.IsGrpc(request.ContentType));
}
