using System.Runtime.CompilerServices;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

// The four kinds of method. Without interceptors a call goes straight to the service.
internal sealed class UnaryHandler<TService, TRequest, TResponse> : CallHandler<TService, TRequest, TResponse>
    where TService : class where TRequest : class where TResponse : class
{
    private readonly UnaryServerMethod<TService, TRequest, TResponse> _invoker;
    private readonly UnaryServerMethod<TRequest, TResponse>? _intercepted;

    public UnaryHandler(Method<TRequest, TResponse> method, CallSettings<TService> settings,
        UnaryServerMethod<TService, TRequest, TResponse> invoker) : base(method, settings)
    {
        _invoker = invoker;
        foreach (var step in InterceptorStep.InnermostFirst(settings)) _intercepted = step.Wrap(_intercepted ?? CallAsTask);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask InvokeAsync(ServerCall call)
    {
        var request = await MessageReader.ReadSingleAsync(call, Deserializer);
        var response = _intercepted is null ? await CallAsync(request, call) : await _intercepted(request, call);
        await RespondAsync(call, response);
    }

    private Task<TResponse> CallAsTask(TRequest request, ServerCallContext context) => CallAsync(request, context).AsTask();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResponse> CallAsync(TRequest request, ServerCallContext context)
    {
        var service = Activate(context.GetHttpContext());
        try
        {
            return await _invoker(service.Instance, request, context);
        }
        finally
        {
            await ReleaseAsync(service);
        }
    }
}

internal sealed class ClientStreamingHandler<TService, TRequest, TResponse> : CallHandler<TService, TRequest, TResponse>
    where TService : class where TRequest : class where TResponse : class
{
    private readonly ClientStreamingServerMethod<TService, TRequest, TResponse> _invoker;
    private readonly ClientStreamingServerMethod<TRequest, TResponse> _call;

    public ClientStreamingHandler(Method<TRequest, TResponse> method, CallSettings<TService> settings,
        ClientStreamingServerMethod<TService, TRequest, TResponse> invoker) : base(method, settings)
    {
        _invoker = invoker;
        _call = CallAsync;
        foreach (var step in InterceptorStep.InnermostFirst(settings)) _call = step.Wrap(_call);
    }

    protected override async ValueTask InvokeAsync(ServerCall call)
    {
        LiftRequestLimits(call.Http);
        LiftRequestTimeout(call.Http);
        var input = new RequestStream<TRequest>(call, Deserializer);
        TResponse response;
        try
        {
            response = await _call(input, call);
        }
        finally
        {
            input.Complete();
        }
        await RespondAsync(call, response);
    }

    private async Task<TResponse> CallAsync(IAsyncStreamReader<TRequest> input, ServerCallContext context)
    {
        var service = Activate(context.GetHttpContext());
        try
        {
            return await _invoker(service.Instance, input, context);
        }
        finally
        {
            await ReleaseAsync(service);
        }
    }
}

internal sealed class ServerStreamingHandler<TService, TRequest, TResponse> : CallHandler<TService, TRequest, TResponse>
    where TService : class where TRequest : class where TResponse : class
{
    private readonly ServerStreamingServerMethod<TService, TRequest, TResponse> _invoker;
    private readonly ServerStreamingServerMethod<TRequest, TResponse> _call;

    public ServerStreamingHandler(Method<TRequest, TResponse> method, CallSettings<TService> settings,
        ServerStreamingServerMethod<TService, TRequest, TResponse> invoker) : base(method, settings)
    {
        _invoker = invoker;
        _call = CallAsync;
        foreach (var step in InterceptorStep.InnermostFirst(settings)) _call = step.Wrap(_call);
    }

    protected override async ValueTask InvokeAsync(ServerCall call)
    {
        LiftRequestTimeout(call.Http);
        var request = await MessageReader.ReadSingleAsync(call, Deserializer);
        var output = new ResponseStream<TResponse>(call, Serializer);
        try
        {
            await _call(request, output, call);
        }
        finally
        {
            output.Complete();
        }
    }

    private async Task CallAsync(TRequest request, IServerStreamWriter<TResponse> output, ServerCallContext context)
    {
        var service = Activate(context.GetHttpContext());
        try
        {
            await _invoker(service.Instance, request, output, context);
        }
        finally
        {
            await ReleaseAsync(service);
        }
    }
}

internal sealed class DuplexStreamingHandler<TService, TRequest, TResponse> : CallHandler<TService, TRequest, TResponse>
    where TService : class where TRequest : class where TResponse : class
{
    private readonly DuplexStreamingServerMethod<TService, TRequest, TResponse> _invoker;
    private readonly DuplexStreamingServerMethod<TRequest, TResponse> _call;

    public DuplexStreamingHandler(Method<TRequest, TResponse> method, CallSettings<TService> settings,
        DuplexStreamingServerMethod<TService, TRequest, TResponse> invoker) : base(method, settings)
    {
        _invoker = invoker;
        _call = CallAsync;
        foreach (var step in InterceptorStep.InnermostFirst(settings)) _call = step.Wrap(_call);
    }

    protected override async ValueTask InvokeAsync(ServerCall call)
    {
        LiftRequestLimits(call.Http);
        LiftRequestTimeout(call.Http);
        var input = new RequestStream<TRequest>(call, Deserializer);
        var output = new ResponseStream<TResponse>(call, Serializer);
        try
        {
            await _call(input, output, call);
        }
        finally
        {
            input.Complete();
            output.Complete();
        }
    }

    private async Task CallAsync(IAsyncStreamReader<TRequest> input, IServerStreamWriter<TResponse> output, ServerCallContext context)
    {
        var service = Activate(context.GetHttpContext());
        try
        {
            await _invoker(service.Instance, input, output, context);
        }
        finally
        {
            await ReleaseAsync(service);
        }
    }
}
