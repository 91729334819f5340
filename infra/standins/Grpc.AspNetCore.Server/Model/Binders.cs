using System.Reflection;
using Grpc.AspNetCore.Server.Internal;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;

namespace Grpc.AspNetCore.Server.Model;

// Finds the methods of a service by the generated BindService(ServiceBinderBase, base class).
internal sealed class GeneratedMethods<TService> : IServiceMethodProvider<TService> where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context)
    {
        for (var type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is not { } binding) continue;
            var bind = binding.BindType.GetMethod(binding.BindMethodName, BindingFlags.Public | BindingFlags.Static,
                [typeof(ServiceBinderBase), type]);
            bind?.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [new ServiceBinder<TService>(context, type), null], null);
            return;
        }
    }
}

internal sealed class ServiceBinder<TService>(ServiceMethodProviderContext<TService> context, Type generatedBase) : ServiceBinderBase
    where TService : class
{
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var found = Find(method, typeof(TRequest), typeof(ServerCallContext));
        context.AddUnaryMethod(method, Metadata(found), found.CreateDelegate<UnaryServerMethod<TService, TRequest, TResponse>>());
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var found = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
        context.AddClientStreamingMethod(method, Metadata(found),
            found.CreateDelegate<ClientStreamingServerMethod<TService, TRequest, TResponse>>());
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var found = Find(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        context.AddServerStreamingMethod(method, Metadata(found),
            found.CreateDelegate<ServerStreamingServerMethod<TService, TRequest, TResponse>>());
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var found = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        context.AddDuplexStreamingMethod(method, Metadata(found),
            found.CreateDelegate<DuplexStreamingServerMethod<TService, TRequest, TResponse>>());
    }

    // Attributes of the class come first, those of the method later: the later ones win.
    private static List<object> Metadata(MethodInfo method) =>
    [
        .. typeof(TService).GetCustomAttributes(inherit: true),
        .. method.GetCustomAttributes(inherit: true),
        new HttpMethodMetadata(["POST"], acceptCorsPreflight: true),
    ];

    // A method of the same name may hide the generated one: only an override of the generated method counts.
    private MethodInfo Find(IMethod method, params Type[] parameters)
    {
        for (var type = typeof(TService); type is not null; type = type.BaseType)
        {
            var found = type.GetMethod(method.Name, BindingFlags.Public | BindingFlags.Instance, parameters);
            if (found is null) break;
            if (found.IsVirtual && found.GetBaseDefinition().DeclaringType == generatedBase) return found;
        }
        throw new InvalidOperationException($"Could not find '{method.Name}' on {typeof(TService)}.");
    }
}

// A definition holds handlers that already have their instance.
internal sealed class DefinitionBinder(ServiceMethodProviderContext<ServerServiceDefinition> context) : ServiceBinderBase
{
    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        context.AddUnaryMethod(method, Metadata(), (_, request, call) => handler!(request, call));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        context.AddClientStreamingMethod(method, Metadata(), (_, input, call) => handler!(input, call));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        context.AddServerStreamingMethod(method, Metadata(), (_, request, output, call) => handler!(request, output, call));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        context.AddDuplexStreamingMethod(method, Metadata(), (_, input, output, call) => handler!(input, output, call));

    private static List<object> Metadata() => [new HttpMethodMetadata(["POST"], acceptCorsPreflight: true)];
}
